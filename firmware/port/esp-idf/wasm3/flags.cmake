# Sets wasm3_flags: the flags in firmware/core/wasm3.flags, one a line there.
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../../../core/wasm3.flags" wasm3_lines)
set(wasm3_flags "")
foreach(line IN LISTS wasm3_lines)
    if(line MATCHES "^-")
        list(APPEND wasm3_flags "${line}")
    endif()
endforeach()
