(module
 (type $0 (func (param i32)))
 (type $1 (func (result i32)))
 (global $global$0 i32 (i32.const 2))
 (global $global$1 i32 (i32.const 344))
 (global $global$2 i32 (i32.const 28))
 (global $global$3 i32 (i32.const 16))
 (global $global$4 i32 (i32.const 4))
 (global $global$5 i32 (i32.const 24))
 (global $global$6 i32 (i32.const 4))
 (memory $0 1 1)
 (data $0 (i32.const 28) "\05z\be\fa\fb\85A\05\c6V\00\00\01\805+\ff\7f\cb\d4\00\80\ff\87\ed\8f\bc\97^\9f\c4\a6\e4\ad\b4\b4-\bbH\c1\03\c7\\\ccS\d1\e8\d5\1f\da\fb\dd\81\e1\b5\e4\9b\e7;\ea\98\ec\b9\ee\a1\f0W\f2\de\f3<\f5t\f6\89\f7\81\f8\\\f9\1f\fa\cd\faf\fb\ee\fbg\fc\d2\fc1\fd\84\fd\ce\fd\10\feJ\fe}\fe\aa\fe\d2\fe\f6\fe\15\ff0\ffI\ff^\ffq\ff\82\ff\91\ff\9e\ff\a9\ff\b3\ff\bc\ff\c4\ff\cb\ff\d2\ff\d7\ff\dc\ff\e0\ff\e4\ff\e7\ff\ea\ff\ed\ff\ef\ff\f1\ff\f3\ff\f4\ff\f6\ff\f7\ff\f8\ff\f9\ff\fa\ff\fa\ff\fb\ff\fc\ff\fc\ff\fd\ff\fd\ff\fd\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\fe\ff\1e\00\10\00\00\00\18\00\00\00(\00\00\00\1c\00\00\00$\00\00\00\12\01\00\00\01\00\00\00\02\00\00\00\02\00\00\00\00\00\00\80\ff\7f\00\02\18\00\00\00\18\00\00\000\00\00\00\02\00\00\00;o\00\00\0e\00\00\00")
 (export "invoke" (func $2))
 (export "abi" (global $global$0))
 (export "memory_bytes" (global $global$1))
 (export "constants" (global $global$2))
 (export "input_0" (global $global$3))
 (export "input_0_bytes" (global $global$4))
 (export "output_0" (global $global$5))
 (export "output_0_bytes" (global $global$6))
 (export "memory" (memory $0))
 (export "kernel.fully_connected_w16_s16.1" (func $0))
 (export "kernel.logistic_s16.1" (func $1))
 (func $0 (param $0 i32)
  (local $1 i32)
  (local $2 i32)
  (local $3 i32)
  (local $4 i32)
  (local $5 i32)
  (local $6 i32)
  (local $7 i32)
  (local $8 i32)
  (local $9 i32)
  (local $10 i64)
  (local.set $2
   (i32.load
    (local.get $0)
   )
  )
  (local.set $3
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $7
   (i32.load offset=24
    (local.get $0)
   )
  )
  (local.set $8
   (i32.shl
    (i32.load offset=28
     (local.get $0)
    )
    (i32.const 1)
   )
  )
  (loop $label$1
   (local.set $5
    (i32.load offset=8
     (local.get $0)
    )
   )
   (local.set $4
    (i32.const 0)
   )
   (loop $label$2
    (local.set $10
     (i64.load32_s
      (i32.add
       (i32.load offset=12
        (local.get $0)
       )
       (i32.shl
        (local.get $4)
        (i32.const 2)
       )
      )
     )
    )
    (local.set $6
     (i32.add
      (local.get $2)
      (local.get $8)
     )
    )
    (local.set $1
     (local.get $2)
    )
    (loop $label$3
     (local.set $10
      (i64.add
       (local.get $10)
       (i64.extend_i32_s
        (i32.mul
         (i32.load16_s
          (local.get $1)
         )
         (i32.load16_s
          (local.get $5)
         )
        )
       )
      )
     )
     (local.set $5
      (i32.add
       (local.get $5)
       (i32.const 2)
      )
     )
     (br_if $label$3
      (i32.lt_u
       (local.tee $1
        (i32.add
         (local.get $1)
         (i32.const 2)
        )
       )
       (local.get $6)
      )
     )
    )
    (local.set $1
     (select
      (local.tee $9
       (i32.load16_s offset=38
        (local.get $0)
       )
      )
      (local.tee $1
       (select
        (local.tee $6
         (i32.load16_s offset=40
          (local.get $0)
         )
        )
        (local.tee $1
         (i32.add
          (i32.load16_s offset=36
           (local.get $0)
          )
          (i32.wrap_i64
           (i64.shr_s
            (i64.add
             (i64.mul
              (local.get $10)
              (i64.load32_s
               (i32.add
                (i32.load offset=16
                 (local.get $0)
                )
                (i32.shl
                 (local.tee $1
                  (i32.mul
                   (local.get $4)
                   (i32.load8_s offset=42
                    (local.get $0)
                   )
                  )
                 )
                 (i32.const 2)
                )
               )
              )
             )
             (i64.shl
              (i64.const 1)
              (i64.extend_i32_s
               (i32.sub
                (local.tee $1
                 (i32.load8_s
                  (i32.add
                   (local.get $1)
                   (i32.load offset=20
                    (local.get $0)
                   )
                  )
                 )
                )
                (i32.const 1)
               )
              )
             )
            )
            (i64.extend_i32_s
             (local.get $1)
            )
           )
          )
         )
        )
        (i32.gt_s
         (local.get $1)
         (local.get $6)
        )
       )
      )
      (i32.lt_s
       (local.get $1)
       (local.get $9)
      )
     )
    )
    (if
     (i32.eq
      (i32.load8_u offset=43
       (local.get $0)
      )
      (i32.const 1)
     )
     (then
      (i32.store8
       (local.get $3)
       (local.get $1)
      )
     )
     (else
      (i32.store16
       (local.get $3)
       (local.get $1)
      )
     )
    )
    (local.set $3
     (i32.add
      (local.get $3)
      (i32.load8_s offset=43
       (local.get $0)
      )
     )
    )
    (br_if $label$2
     (i32.lt_s
      (local.tee $4
       (i32.add
        (local.get $4)
        (i32.const 1)
       )
      )
      (i32.load offset=32
       (local.get $0)
      )
     )
    )
   )
   (local.set $2
    (i32.add
     (local.get $2)
     (local.get $8)
    )
   )
   (br_if $label$1
    (i32.gt_s
     (local.tee $7
      (i32.sub
       (local.get $7)
       (i32.const 1)
      )
     )
     (i32.const 0)
    )
   )
  )
 )
 (func $1 (param $0 i32)
  (local $1 i32)
  (local $2 i32)
  (local $3 i32)
  (local $4 i32)
  (local $5 i32)
  (local $6 i32)
  (local $7 i32)
  (local $8 i32)
  (local $9 i32)
  (local $10 i32)
  (local.set $3
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $7
   (i32.load offset=16
    (local.get $0)
   )
  )
  (local.set $8
   (select
    (i32.shl
     (i32.const 1)
     (i32.sub
      (local.tee $6
       (i32.load8_s offset=20
        (local.get $0)
       )
      )
      (i32.const 1)
     )
    )
    (i32.const 0)
    (i32.gt_s
     (local.get $6)
     (i32.const 0)
    )
   )
  )
  (local.set $9
   (i32.add
    (local.tee $4
     (i32.load
      (local.get $0)
     )
    )
    (i32.shl
     (i32.load offset=12
      (local.get $0)
     )
     (i32.const 1)
    )
   )
  )
  (loop $label$1
   (local.set $1
    (i32.const 33553408)
   )
   (if
    (i32.lt_s
     (local.tee $2
      (i32.xor
       (i32.add
        (local.tee $5
         (i32.shr_s
          (local.tee $2
           (local.tee $10
            (i32.shr_s
             (i32.add
              (i32.mul
               (i32.load16_s
                (local.get $4)
               )
               (local.get $7)
              )
              (local.get $8)
             )
             (local.get $6)
            )
           )
          )
          (i32.const 31)
         )
        )
        (local.get $2)
       )
       (local.get $5)
      )
     )
     (i32.const 130560)
    )
    (then
     (local.set $1
      (i32.load16_u
       (local.tee $5
        (i32.add
         (i32.load offset=8
          (local.get $0)
         )
         (i32.shl
          (i32.shr_s
           (local.get $2)
           (i32.const 9)
          )
          (i32.const 1)
         )
        )
       )
      )
     )
     (local.set $1
      (i32.add
       (i32.mul
        (i32.sub
         (i32.load16_u offset=2
          (local.get $5)
         )
         (local.get $1)
        )
        (i32.and
         (local.get $2)
         (i32.const 511)
        )
       )
       (i32.shl
        (local.get $1)
        (i32.const 9)
       )
      )
     )
    )
   )
   (i32.store16
    (local.get $3)
    (i32.shr_s
     (select
      (i32.add
       (local.get $1)
       (i32.const 512)
      )
      (i32.sub
       (i32.const 33554943)
       (local.get $1)
      )
      (i32.ge_s
       (local.get $10)
       (i32.const 0)
      )
     )
     (i32.const 10)
    )
   )
   (local.set $3
    (i32.add
     (local.get $3)
     (i32.const 2)
    )
   )
   (br_if $label$1
    (i32.gt_u
     (local.get $9)
     (local.tee $4
      (i32.add
       (local.get $4)
       (i32.const 2)
      )
     )
    )
   )
  )
 )
 (func $2 (result i32)
  (call $0
   (i32.const 276)
  )
  (call $1
   (i32.const 320)
  )
  (i32.const 0)
 )
)
