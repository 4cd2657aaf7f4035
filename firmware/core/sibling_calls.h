/*
 * Included before the file that holds wasm3's operations: refuses to compile it where they would keep
 * their frames though the machine could do without. Each operation ends by calling the next one, and
 * GCC makes these calls in the caller's place from -O2 and -Os on, never at -Og and -O0.
 *
 * Windowed Xtensa and Thumb-1 have no such calls: there the core counts the frames (native_stack.h). A
 * build that wants that elsewhere, too, defines THIMBLE_KEEP_FRAMES.
 */
#ifndef THIMBLE_SIBLING_CALLS_H
#define THIMBLE_SIBLING_CALLS_H

#if defined(__XTENSA_WINDOWED_ABI__) || (defined(__thumb__) && !defined(__thumb2__))
#define THIMBLE_KEEP_FRAMES
#endif

#if !defined(THIMBLE_KEEP_FRAMES) && defined(__GNUC__) && !defined(__clang__)

/* What the compiler prints: where, what is expected, what was found. */
extern void thimble_refuse_build(void) __attribute__((
    error("wasm3's operations: expected sibling calls (-Os, -O2 or -O3 for this file), found none; "
          "PORTING.md, section 2, or define THIMBLE_KEEP_FRAMES")));

/* 0: what GCC finds out once it has made a loop of the last call, and not before. */
static int thimble_last_call(int times) { return times <= 0 ? 0 : thimble_last_call(times - 1); }

/* Nobody calls it. */
__attribute__((used)) static void thimble_need_sibling_calls(int times) {
    if (thimble_last_call(times) != 0) thimble_refuse_build();
}

#elif !defined(THIMBLE_KEEP_FRAMES) && !defined(__OPTIMIZE__)
#error "wasm3's operations: expected -Os, -O2 or -O3 for this file, found no optimisation"
#endif

#endif
