(module
 (type $0 (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
 (type $1 (func (param i32 i32 i32 i32)))
 (type $2 (func (result i32)))
 (global $global$0 i32 (i32.const 1))
 (global $global$1 i32 (i32.const 298))
 (global $global$2 i32 (i32.const 288))
 (global $global$3 i32 (i32.const 2))
 (global $global$4 i32 (i32.const 296))
 (global $global$5 i32 (i32.const 2))
 (memory $0 1 1)
 (data $0 (i32.const 16) "\86\ef\ff\ffz\10\00\00\81\7f+\d5\03\06\t\0b\0e\11\14\17\19\1c\1f\"$\'),/1368:=?ACEGIKMOQRTUWYZ[]^_abcdefghijklmnnoppqrrssttuuvvwwwxxxyyyzzzz{{{{||||||}}}}}}}}~~~~~~~~~~~\7f\7f\7f\7f\7f\7f\7f\7f\7f\7f\7f\7f\7f\7f\81\81\81\81\81\81\81\81\81\81\81\81\81\82\82\82\82\82\82\82\82\82\82\82\83\83\83\83\83\83\83\83\84\84\84\84\84\84\85\85\85\85\86\86\86\86\87\87\87\88\88\88\89\89\89\8a\8a\8b\8b\8c\8c\8d\8d\8e\8e\8f\90\90\91\92\92\93\94\95\96\97\98\99\9a\9b\9c\9d\9e\9f\a1\a2\a3\a5\a6\a7\a9\ab\ac\ae\af\b1\b3\b5\b7\b9\bb\bd\bf\c1\c3\c6\c8\ca\cd\cf\d1\d4\d7\d9\dc\de\e1\e4\e7\e9\ec\ef\f2\f5\f7\fa\fd")
 (export "invoke" (func $2))
 (export "abi" (global $global$0))
 (export "memory_bytes" (global $global$1))
 (export "input_0" (global $global$2))
 (export "input_0_bytes" (global $global$3))
 (export "output_0" (global $global$4))
 (export "output_0_bytes" (global $global$5))
 (export "memory" (memory $0))
 (export "kernel.fully_connected_s8.2" (func $0))
 (export "kernel.lookup_s8.1" (func $1))
 (func $0 (param $0 i32) (param $1 i32) (param $2 i32) (param $3 i32) (param $4 i32) (param $5 i32) (param $6 i32) (param $7 i32) (param $8 i32) (param $9 i32) (param $10 i32) (param $11 i32) (param $12 i32)
  (local $13 i32)
  (local $14 i32)
  (local $15 i32)
  (local $16 i32)
  (local $17 i32)
  (local $18 i32)
  (local $19 i32)
  (local $20 i32)
  (local $21 i32)
  (local $22 i32)
  (loop $label$1
   (if
    (i32.gt_s
     (local.get $7)
     (local.get $21)
    )
    (then
     (local.set $16
      (local.get $2)
     )
     (local.set $14
      (i32.const 0)
     )
     (loop $label$3
      (if
       (i32.gt_s
        (local.get $9)
        (local.get $14)
       )
       (then
        (local.set $18
         (select
          (i32.const 4)
          (local.tee $6
           (i32.sub
            (local.get $9)
            (local.get $14)
           )
          )
          (i32.ge_s
           (local.get $6)
           (i32.const 4)
          )
         )
        )
        (local.set $15
         (i32.const 0)
        )
        (local.set $19
         (i32.const 0)
        )
        (local.set $6
         (i32.const 0)
        )
        (local.set $20
         (i32.const 0)
        )
        (local.set $13
         (local.get $0)
        )
        (loop $label$5
         (if
          (i32.lt_u
           (local.get $13)
           (i32.add
            (local.get $0)
            (local.get $8)
           )
          )
          (then
           (local.set $15
            (i32.add
             (local.get $15)
             (i32.mul
              (local.tee $17
               (i32.load8_s
                (local.get $13)
               )
              )
              (i32.load8_s
               (local.get $16)
              )
             )
            )
           )
           (local.set $19
            (i32.add
             (local.get $19)
             (i32.mul
              (local.get $17)
              (i32.load8_s offset=1
               (local.get $16)
              )
             )
            )
           )
           (local.set $6
            (i32.add
             (local.get $6)
             (i32.mul
              (local.get $17)
              (i32.load8_s offset=2
               (local.get $16)
              )
             )
            )
           )
           (local.set $20
            (i32.add
             (local.get $20)
             (i32.mul
              (local.get $17)
              (i32.load8_s offset=3
               (local.get $16)
              )
             )
            )
           )
           (local.set $13
            (i32.add
             (local.get $13)
             (i32.const 1)
            )
           )
           (local.set $16
            (i32.add
             (local.get $16)
             (local.get $18)
            )
           )
           (br $label$5)
          )
         )
        )
        (local.set $18
         (i32.add
          (local.get $14)
          (local.get $18)
         )
        )
        (loop $label$7
         (if
          (i32.lt_s
           (local.get $14)
           (local.get $18)
          )
          (then
           (local.set $1
            (i32.add
             (local.tee $13
              (local.get $1)
             )
             (i32.const 1)
            )
           )
           (i32.store8
            (block (result i32)
             (local.set $22
              (local.get $13)
             )
             (local.set $17
              (i32.wrap_i64
               (i64.sub
                (i64.shl
                 (i64.const 1)
                 (i64.extend_i32_s
                  (local.tee $13
                   (select
                    (local.tee $13
                     (i32.sub
                      (i32.const 0)
                      (local.get $5)
                     )
                    )
                    (i32.const 0)
                    (i32.gt_s
                     (local.get $13)
                     (i32.const 0)
                    )
                   )
                  )
                 )
                )
                (i64.const 1)
               )
              )
             )
             (local.get $22)
            )
            (select
             (local.get $11)
             (local.tee $13
              (select
               (local.get $12)
               (local.tee $13
                (i32.add
                 (i32.add
                  (i32.shr_s
                   (local.tee $15
                    (i32.wrap_i64
                     (i64.shr_s
                      (i64.add
                       (i64.mul
                        (i64.extend_i32_s
                         (i32.shl
                          (i32.add
                           (local.get $15)
                           (i32.load
                            (i32.add
                             (local.get $3)
                             (i32.shl
                              (local.get $14)
                              (i32.const 2)
                             )
                            )
                           )
                          )
                          (select
                           (local.get $5)
                           (i32.const 0)
                           (i32.gt_s
                            (local.get $5)
                            (i32.const 0)
                           )
                          )
                         )
                        )
                        (i64.extend_i32_s
                         (local.get $4)
                        )
                       )
                       (i64.const 1073741824)
                      )
                      (i64.const 31)
                     )
                    )
                   )
                   (local.get $13)
                  )
                  (i32.lt_s
                   (i32.add
                    (i32.shr_s
                     (local.get $17)
                     (i32.const 1)
                    )
                    (i32.shr_u
                     (local.get $15)
                     (i32.const 31)
                    )
                   )
                   (i32.and
                    (local.get $15)
                    (local.get $17)
                   )
                  )
                 )
                 (local.get $10)
                )
               )
               (i32.lt_s
                (local.get $12)
                (local.get $13)
               )
              )
             )
             (i32.gt_s
              (local.get $11)
              (local.get $13)
             )
            )
           )
           (local.set $15
            (local.get $19)
           )
           (local.set $19
            (local.get $6)
           )
           (local.set $6
            (local.get $20)
           )
           (local.set $14
            (i32.add
             (local.get $14)
             (i32.const 1)
            )
           )
           (br $label$7)
          )
         )
        )
        (br $label$3)
       )
      )
     )
     (local.set $0
      (i32.add
       (local.get $0)
       (local.get $8)
      )
     )
     (local.set $21
      (i32.add
       (local.get $21)
       (i32.const 1)
      )
     )
     (br $label$1)
    )
   )
  )
 )
 (func $1 (param $0 i32) (param $1 i32) (param $2 i32) (param $3 i32)
  (local $4 i32)
  (local $5 i32)
  (local.set $4
   (i32.add
    (local.get $0)
    (local.get $3)
   )
  )
  (loop $label$1
   (if
    (i32.lt_u
     (local.get $0)
     (local.get $4)
    )
    (then
     (local.set $1
      (i32.add
       (local.tee $3
        (local.get $1)
       )
       (i32.const 1)
      )
     )
     (i32.store8
      (block (result i32)
       (local.set $5
        (local.get $3)
       )
       (local.set $0
        (i32.add
         (local.tee $3
          (local.get $0)
         )
         (i32.const 1)
        )
       )
       (local.get $5)
      )
      (i32.load8_u
       (i32.add
        (i32.load8_u
         (local.get $3)
        )
        (local.get $2)
       )
      )
     )
     (br $label$1)
    )
   )
  )
 )
 (func $2 (result i32)
  (call $0
   (i32.const 288)
   (i32.const 296)
   (i32.const 24)
   (i32.const 16)
   (i32.const 1496637718)
   (i32.const -7)
   (i32.const 0)
   (i32.const 1)
   (i32.const 2)
   (i32.const 2)
   (i32.const -1)
   (i32.const -128)
   (i32.const 127)
  )
  (call $1
   (i32.const 296)
   (i32.const 296)
   (i32.const 28)
   (i32.const 2)
  )
  (i32.const 0)
 )
)
