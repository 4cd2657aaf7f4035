(module
 (type $0 (func (param i32)))
 (type $1 (func (result i32)))
 (global $global$0 i32 (i32.const 2))
 (global $global$1 i32 (i32.const 587))
 (global $global$2 i32 (i32.const 156))
 (global $global$3 i32 (i32.const 104))
 (global $global$4 i32 (i32.const 50))
 (global $global$5 i32 (i32.const 16))
 (global $global$6 i32 (i32.const 3))
 (memory $0 1 1)
 (data $0 (i32.const 156) "\c9\f8\ff\ffI+\01\00\c0J\ff\ff\r#\ff\ff\e1\f0\cca\16\1a%l+\ad\8btV\05\a3^\0f(\00\00\d7\f3\ff\ff?\da\ff\ff\ae\06\00\00>\ca\'E\08\b1\f5x[\1eub!\8d\e6W\e0\13\fe\ff\faP\ff\ffw\f6\ff\ff\aa-\c5\rv\18\eb\a1<v\13*\c22\bb\841]\d7lV=\92\87\e46\d4`\96e[\f4\08N\84&L\e9\ea^\ff\98\c5\9d\1a\17(\f5\\\b2\06\95\84T\1f\a7\ac3[\e9\c9\d4\ee\f0\b28\f2\96Cz\9e\90\f8\f7\f7\f81o-fQ\d8\d5\d8]\15\a2\c9b6V\e6\c9\d1\aa\f9H\9f\r\ad\82\e7c@\fb\0f\fb\b8q\b8\04\e0\f9\f8\f7\f8\b3L\"\bf\f0i\a7\1b\b4\ee\9e8\98\ce\a3\9a|\1d\bb\b1j\d7\11\b0\9b\d5\04\f8\89\d0\96\93\fb\9b\17\de\a5\13\e6\0e<\eb\e6\c4\eb\ec\82$h\00\00\00X\00\00\00\e8\00\00\00\9c\00\00\00\ac\00\00\000\01\00\00\10\00\00\00\01\00\00\00\05\00\00\00\05\00\00\00\02\00\00\00\02\00\00\00\04\00\02\00\04\00\03\00\03\00\01\00\02\00\02\00\01\00\01\00\00\00\00\00\91\e0\80\7fX\00\00\00X\00\00\004\01\00\00\bc\00\00\00\cc\00\00\00X\01\00\00\10\00\00\00\01\00\00\00\02\00\00\00\02\00\00\00\02\00\00\00\02\00\00\00\04\00\01\00\03\00\03\00\01\00\01\00\01\00\01\00\01\00\01\00\e0\80\80\7fX\00\00\00\10\00\00\00\\\01\00\00\dc\00\00\00I;\88V\00\00\00\00\01\00\00\00\10\00\00\00\03\00\00\00\fe\f6\f6\7f\00\00\00")
 (export "invoke" (func $3))
 (export "abi" (global $global$0))
 (export "memory_bytes" (global $global$1))
 (export "constants" (global $global$2))
 (export "input_0" (global $global$3))
 (export "input_0_bytes" (global $global$4))
 (export "output_0" (global $global$5))
 (export "output_0_bytes" (global $global$6))
 (export "memory" (memory $0))
 (export "kernel.conv2d_s8.2" (func $0))
 (export "kernel.depthwise_conv2d_s8.2" (func $1))
 (export "kernel.fully_connected_s8.2" (func $2))
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
  (local $10 i32)
  (local $11 i32)
  (local $12 i32)
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
  (local $23 i32)
  (local $24 i32)
  (local $25 i32)
  (local $26 i32)
  (local $27 i32)
  (local $28 i32)
  (local $29 i32)
  (local $30 i32)
  (local $31 i32)
  (local $32 i32)
  (local $33 i32)
  (local $34 i32)
  (local $35 i32)
  (local $36 i32)
  (local $37 i32)
  (local $38 i32)
  (local $39 i32)
  (local $40 i32)
  (local $41 i32)
  (local $42 i32)
  (local $43 i32)
  (local $44 i32)
  (local $45 i32)
  (local $46 i32)
  (local.set $14
   (i32.load
    (local.get $0)
   )
  )
  (local.set $18
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $29
   (i32.load offset=8
    (local.get $0)
   )
  )
  (local.set $30
   (i32.load offset=12
    (local.get $0)
   )
  )
  (local.set $31
   (i32.load offset=16
    (local.get $0)
   )
  )
  (local.set $32
   (i32.load offset=20
    (local.get $0)
   )
  )
  (local.set $15
   (i32.load offset=24
    (local.get $0)
   )
  )
  (local.set $33
   (i32.load offset=28
    (local.get $0)
   )
  )
  (local.set $19
   (i32.load offset=32
    (local.get $0)
   )
  )
  (local.set $16
   (i32.load offset=36
    (local.get $0)
   )
  )
  (local.set $34
   (i32.load offset=40
    (local.get $0)
   )
  )
  (local.set $35
   (i32.load offset=44
    (local.get $0)
   )
  )
  (local.set $36
   (i32.load16_u offset=60
    (local.get $0)
   )
  )
  (local.set $37
   (i32.load16_u offset=62
    (local.get $0)
   )
  )
  (local.set $38
   (i32.load16_u offset=64
    (local.get $0)
   )
  )
  (local.set $20
   (i32.load16_u offset=66
    (local.get $0)
   )
  )
  (local.set $39
   (i32.load16_s offset=68
    (local.get $0)
   )
  )
  (local.set $40
   (i32.load16_s offset=70
    (local.get $0)
   )
  )
  (local.set $41
   (i32.load8_s offset=72
    (local.get $0)
   )
  )
  (local.set $42
   (i32.load8_s offset=73
    (local.get $0)
   )
  )
  (local.set $21
   (i32.load8_s offset=74
    (local.get $0)
   )
  )
  (local.set $22
   (i32.load8_s offset=75
    (local.get $0)
   )
  )
  (local.set $23
   (i32.div_s
    (local.tee $43
     (i32.load16_u offset=52
      (local.get $0)
     )
    )
    (local.tee $2
     (i32.load16_u offset=58
      (local.get $0)
     )
    )
   )
  )
  (local.set $45
   (i32.mul
    (local.tee $10
     (i32.div_s
      (local.tee $17
       (i32.load16_u offset=50
        (local.get $0)
       )
      )
      (local.get $2)
     )
    )
    (i32.mul
     (local.tee $24
      (i32.load16_u offset=56
       (local.get $0)
      )
     )
     (local.tee $44
      (i32.load16_u offset=54
       (local.get $0)
      )
     )
    )
   )
  )
  (loop $label$1
   (if
    (i32.lt_s
     (local.get $25)
     (local.get $33)
    )
    (then
     (local.set $12
      (i32.const 0)
     )
     (loop $label$3
      (if
       (i32.lt_s
        (local.get $12)
        (local.get $34)
       )
       (then
        (local.set $13
         (i32.const 0)
        )
        (loop $label$5
         (if
          (i32.lt_s
           (local.get $13)
           (local.get $35)
          )
          (then
           (local.set $11
            (local.get $29)
           )
           (local.set $3
            (i32.const 0)
           )
           (loop $label$7
            (if
             (i32.lt_s
              (local.get $3)
              (local.get $43)
             )
             (then
              (local.set $26
               (i32.add
                (local.get $3)
                (local.get $23)
               )
              )
              (local.set $2
               (local.get $15)
              )
              (local.set $8
               (i32.add
                (local.get $14)
                (i32.mul
                 (i32.div_s
                  (local.get $3)
                  (local.get $23)
                 )
                 (local.get $10)
                )
               )
              )
              (local.set $4
               (i32.sub
                (i32.mul
                 (local.get $12)
                 (local.get $36)
                )
                (local.get $39)
               )
              )
              (local.set $5
               (i32.sub
                (i32.mul
                 (local.get $13)
                 (local.get $37)
                )
                (local.get $40)
               )
              )
              (local.set $6
               (select
                (local.get $24)
                (i32.const 1)
                (i32.and
                 (i32.eq
                  (local.get $20)
                  (i32.const 1)
                 )
                 (i32.eq
                  (local.get $10)
                  (local.get $17)
                 )
                )
               )
              )
              (local.set $1
               (i32.const 0)
              )
              (loop $label$9
               (local.set $27
                (i32.add
                 (local.get $4)
                 (i32.mul
                  (local.get $1)
                  (local.get $38)
                 )
                )
               )
               (local.set $9
                (i32.const 0)
               )
               (loop $label$10
                (local.set $7
                 (select
                  (local.tee $0
                   (select
                    (local.tee $0
                     (i32.sub
                      (i32.const 0)
                      (local.tee $28
                       (i32.add
                        (local.get $5)
                        (i32.mul
                         (local.get $9)
                         (local.get $20)
                        )
                       )
                      )
                     )
                    )
                    (i32.const 0)
                    (i32.gt_s
                     (local.get $0)
                     (i32.const 0)
                    )
                   )
                  )
                  (local.get $6)
                  (i32.lt_s
                   (local.get $0)
                   (local.get $6)
                  )
                 )
                )
                (if
                 (i32.lt_s
                  (i32.sub
                   (local.tee $0
                    (select
                     (local.tee $0
                      (select
                       (local.tee $0
                        (i32.sub
                         (local.get $16)
                         (local.get $28)
                        )
                       )
                       (local.get $6)
                       (i32.lt_s
                        (local.get $0)
                        (local.get $6)
                       )
                      )
                     )
                     (local.get $7)
                     (i32.gt_s
                      (local.get $0)
                      (local.get $7)
                     )
                    )
                   )
                   (local.tee $7
                    (select
                     (local.get $0)
                     (local.get $7)
                     (i32.le_u
                      (local.get $19)
                      (local.get $27)
                     )
                    )
                   )
                  )
                  (local.get $6)
                 )
                 (then
                  (memory.fill
                   (local.get $2)
                   (local.get $41)
                   (i32.mul
                    (local.get $6)
                    (local.get $10)
                   )
                  )
                 )
                )
                (if
                 (i32.gt_s
                  (local.get $0)
                  (local.get $7)
                 )
                 (then
                  (memory.copy
                   (i32.add
                    (local.get $2)
                    (i32.mul
                     (local.get $7)
                     (local.get $10)
                    )
                   )
                   (i32.add
                    (local.get $8)
                    (i32.mul
                     (i32.add
                      (i32.add
                       (i32.mul
                        (local.get $16)
                        (local.get $27)
                       )
                       (local.get $28)
                      )
                      (local.get $7)
                     )
                     (local.get $17)
                    )
                   )
                   (i32.mul
                    (i32.sub
                     (local.get $0)
                     (local.get $7)
                    )
                    (local.get $10)
                   )
                  )
                 )
                )
                (local.set $2
                 (i32.add
                  (local.get $2)
                  (i32.mul
                   (local.get $6)
                   (local.get $10)
                  )
                 )
                )
                (br_if $label$10
                 (i32.lt_s
                  (local.tee $9
                   (i32.add
                    (local.get $6)
                    (local.get $9)
                   )
                  )
                  (local.get $24)
                 )
                )
               )
               (br_if $label$9
                (i32.lt_s
                 (local.tee $1
                  (i32.add
                   (local.get $1)
                   (i32.const 1)
                  )
                 )
                 (local.get $44)
                )
               )
              )
              (loop $label$13
               (if
                (i32.lt_s
                 (local.get $3)
                 (local.get $26)
                )
                (then
                 (local.set $4
                  (select
                   (i32.const 4)
                   (local.tee $0
                    (i32.sub
                     (local.get $26)
                     (local.get $3)
                    )
                   )
                   (i32.ge_s
                    (local.get $0)
                    (i32.const 4)
                   )
                  )
                 )
                 (local.set $5
                  (i32.const 0)
                 )
                 (local.set $0
                  (i32.const 0)
                 )
                 (local.set $2
                  (i32.const 0)
                 )
                 (local.set $9
                  (i32.const 0)
                 )
                 (local.set $1
                  (local.get $15)
                 )
                 (loop $label$15
                  (if
                   (i32.lt_u
                    (local.get $1)
                    (i32.add
                     (local.get $15)
                     (local.get $45)
                    )
                   )
                   (then
                    (local.set $5
                     (i32.add
                      (local.get $5)
                      (i32.mul
                       (local.tee $8
                        (i32.load8_s
                         (local.get $1)
                        )
                       )
                       (i32.load8_s
                        (local.get $11)
                       )
                      )
                     )
                    )
                    (local.set $0
                     (i32.add
                      (local.get $0)
                      (i32.mul
                       (local.get $8)
                       (i32.load8_s offset=1
                        (local.get $11)
                       )
                      )
                     )
                    )
                    (local.set $2
                     (i32.add
                      (local.get $2)
                      (i32.mul
                       (local.get $8)
                       (i32.load8_s offset=2
                        (local.get $11)
                       )
                      )
                     )
                    )
                    (local.set $9
                     (i32.add
                      (local.get $9)
                      (i32.mul
                       (local.get $8)
                       (i32.load8_s offset=3
                        (local.get $11)
                       )
                      )
                     )
                    )
                    (local.set $1
                     (i32.add
                      (local.get $1)
                      (i32.const 1)
                     )
                    )
                    (local.set $11
                     (i32.add
                      (local.get $4)
                      (local.get $11)
                     )
                    )
                    (br $label$15)
                   )
                  )
                 )
                 (local.set $8
                  (i32.add
                   (local.get $3)
                   (local.get $4)
                  )
                 )
                 (loop $label$17
                  (if
                   (i32.lt_s
                    (local.get $3)
                    (local.get $8)
                   )
                   (then
                    (local.set $18
                     (i32.add
                      (local.tee $1
                       (local.get $18)
                      )
                      (i32.const 1)
                     )
                    )
                    (i32.store8
                     (block (result i32)
                      (local.set $46
                       (local.get $1)
                      )
                      (local.set $4
                       (i32.wrap_i64
                        (i64.shr_s
                         (i64.add
                          (i64.mul
                           (i64.extend_i32_s
                            (i32.shl
                             (i32.add
                              (local.get $5)
                              (i32.load
                               (i32.add
                                (local.get $30)
                                (local.tee $4
                                 (i32.shl
                                  (local.get $3)
                                  (i32.const 2)
                                 )
                                )
                               )
                              )
                             )
                             (select
                              (local.tee $1
                               (i32.load8_s
                                (i32.add
                                 (local.get $3)
                                 (local.get $32)
                                )
                               )
                              )
                              (i32.const 0)
                              (i32.gt_s
                               (local.get $1)
                               (i32.const 0)
                              )
                             )
                            )
                           )
                           (i64.load32_s
                            (i32.add
                             (local.get $4)
                             (local.get $31)
                            )
                           )
                          )
                          (i64.const 1073741824)
                         )
                         (i64.const 31)
                        )
                       )
                      )
                      (local.set $5
                       (i32.sub
                        (i32.shl
                         (i32.const 1)
                         (local.tee $1
                          (select
                           (local.tee $1
                            (i32.sub
                             (i32.const 0)
                             (local.get $1)
                            )
                           )
                           (i32.const 0)
                           (i32.gt_s
                            (local.get $1)
                            (i32.const 0)
                           )
                          )
                         )
                        )
                        (i32.const 1)
                       )
                      )
                      (local.get $46)
                     )
                     (select
                      (local.get $21)
                      (local.tee $1
                       (select
                        (local.get $22)
                        (local.tee $1
                         (i32.add
                          (i32.add
                           (i32.shr_s
                            (local.get $4)
                            (local.get $1)
                           )
                           (i32.lt_s
                            (i32.add
                             (i32.shr_s
                              (local.get $5)
                              (i32.const 1)
                             )
                             (i32.shr_u
                              (local.get $4)
                              (i32.const 31)
                             )
                            )
                            (i32.and
                             (local.get $4)
                             (local.get $5)
                            )
                           )
                          )
                          (local.get $42)
                         )
                        )
                        (i32.gt_s
                         (local.get $1)
                         (local.get $22)
                        )
                       )
                      )
                      (i32.lt_s
                       (local.get $1)
                       (local.get $21)
                      )
                     )
                    )
                    (local.set $5
                     (local.get $0)
                    )
                    (local.set $0
                     (local.get $2)
                    )
                    (local.set $2
                     (local.get $9)
                    )
                    (local.set $3
                     (i32.add
                      (local.get $3)
                      (i32.const 1)
                     )
                    )
                    (br $label$17)
                   )
                  )
                 )
                 (br $label$13)
                )
               )
              )
              (br $label$7)
             )
            )
           )
           (local.set $13
            (i32.add
             (local.get $13)
             (i32.const 1)
            )
           )
           (br $label$5)
          )
         )
        )
        (local.set $12
         (i32.add
          (local.get $12)
          (i32.const 1)
         )
        )
        (br $label$3)
       )
      )
     )
     (local.set $14
      (i32.add
       (local.get $14)
       (i32.mul
        (i32.mul
         (local.get $16)
         (local.get $19)
        )
        (local.get $17)
       )
      )
     )
     (local.set $25
      (i32.add
       (local.get $25)
       (i32.const 1)
      )
     )
     (br $label$1)
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
  (local $11 i32)
  (local $12 i32)
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
  (local $23 i32)
  (local $24 i32)
  (local $25 i32)
  (local $26 i32)
  (local $27 i32)
  (local $28 i32)
  (local $29 i32)
  (local $30 i32)
  (local $31 i32)
  (local $32 i32)
  (local $33 i32)
  (local $34 i32)
  (local $35 i32)
  (local $36 i32)
  (local $37 i32)
  (local $38 i32)
  (local $39 i32)
  (local.set $12
   (i32.load
    (local.get $0)
   )
  )
  (local.set $13
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $28
   (i32.load offset=8
    (local.get $0)
   )
  )
  (local.set $29
   (i32.load offset=12
    (local.get $0)
   )
  )
  (local.set $30
   (i32.load offset=16
    (local.get $0)
   )
  )
  (local.set $31
   (i32.load offset=20
    (local.get $0)
   )
  )
  (local.set $14
   (i32.load offset=24
    (local.get $0)
   )
  )
  (local.set $32
   (i32.load offset=28
    (local.get $0)
   )
  )
  (local.set $15
   (i32.load offset=32
    (local.get $0)
   )
  )
  (local.set $10
   (i32.load offset=36
    (local.get $0)
   )
  )
  (local.set $17
   (i32.load16_s offset=64
    (local.get $0)
   )
  )
  (local.set $18
   (i32.load16_s offset=66
    (local.get $0)
   )
  )
  (local.set $33
   (i32.load8_s offset=68
    (local.get $0)
   )
  )
  (local.set $34
   (i32.load8_s offset=69
    (local.get $0)
   )
  )
  (local.set $19
   (i32.load8_s offset=70
    (local.get $0)
   )
  )
  (local.set $20
   (i32.load8_s offset=71
    (local.get $0)
   )
  )
  (local.set $16
   (i32.mul
    (local.tee $6
     (i32.load16_u offset=48
      (local.get $0)
     )
    )
    (local.tee $21
     (i32.load16_u offset=50
      (local.get $0)
     )
    )
   )
  )
  (local.set $11
   (i32.add
    (i32.add
     (i32.mul
      (local.tee $35
       (i32.load16_u offset=58
        (local.get $0)
       )
      )
      (i32.sub
       (local.tee $22
        (i32.load offset=44
         (local.get $0)
        )
       )
       (i32.const 1)
      )
     )
     (i32.mul
      (local.tee $36
       (i32.load16_u offset=62
        (local.get $0)
       )
      )
      (i32.sub
       (local.tee $23
        (i32.load16_u offset=54
         (local.get $0)
        )
       )
       (i32.const 1)
      )
     )
    )
    (i32.const 1)
   )
  )
  (local.set $26
   (i32.add
    (i32.add
     (i32.mul
      (local.tee $37
       (i32.load16_u offset=56
        (local.get $0)
       )
      )
      (i32.sub
       (local.tee $24
        (i32.load offset=40
         (local.get $0)
        )
       )
       (i32.const 1)
      )
     )
     (i32.mul
      (local.tee $38
       (i32.load16_u offset=60
        (local.get $0)
       )
      )
      (i32.sub
       (local.tee $25
        (i32.load16_u offset=52
         (local.get $0)
        )
       )
       (i32.const 1)
      )
     )
    )
    (i32.const 1)
   )
  )
  (loop $label$1
   (if
    (i32.lt_s
     (local.get $27)
     (local.get $32)
    )
    (then
     (local.set $0
      (local.get $28)
     )
     (local.set $5
      (i32.const 0)
     )
     (loop $label$3
      (if
       (i32.lt_s
        (local.get $5)
        (local.get $16)
       )
       (then
        (if
         (i32.eqz
          (i32.rem_s
           (local.get $5)
           (local.get $21)
          )
         )
         (then
          (local.set $8
           (i32.add
            (local.get $12)
            (i32.div_s
             (local.get $5)
             (local.get $21)
            )
           )
          )
          (memory.fill
           (local.get $14)
           (local.get $33)
           (i32.mul
            (local.get $11)
            (local.get $26)
           )
          )
          (local.set $7
           (select
            (local.get $15)
            (local.tee $1
             (i32.sub
              (local.get $26)
              (local.get $17)
             )
            )
            (i32.gt_s
             (local.get $1)
             (local.get $15)
            )
           )
          )
          (local.set $9
           (select
            (local.tee $1
             (select
              (local.get $10)
              (local.tee $1
               (i32.sub
                (local.get $11)
                (local.get $18)
               )
              )
              (i32.gt_s
               (local.get $1)
               (local.get $10)
              )
             )
            )
            (i32.const 0)
            (i32.gt_s
             (local.get $1)
             (i32.const 0)
            )
           )
          )
          (local.set $4
           (i32.const 0)
          )
          (loop $label$6
           (if
            (i32.lt_s
             (local.get $4)
             (local.get $7)
            )
            (then
             (local.set $2
              (i32.add
               (local.get $8)
               (i32.mul
                (i32.mul
                 (local.get $4)
                 (local.get $10)
                )
                (local.get $6)
               )
              )
             )
             (local.set $3
              (i32.add
               (local.tee $1
                (i32.add
                 (local.get $14)
                 (i32.add
                  (i32.mul
                   (i32.add
                    (local.get $4)
                    (local.get $17)
                   )
                   (local.get $11)
                  )
                  (local.get $18)
                 )
                )
               )
               (local.get $9)
              )
             )
             (loop $label$8
              (if
               (i32.lt_u
                (i32.add
                 (local.get $1)
                 (i32.const 3)
                )
                (local.get $3)
               )
               (then
                (i32.store8
                 (local.get $1)
                 (i32.load8_u
                  (local.get $2)
                 )
                )
                (i32.store8 offset=1
                 (local.get $1)
                 (i32.load8_u
                  (i32.add
                   (local.get $2)
                   (local.get $6)
                  )
                 )
                )
                (i32.store8 offset=2
                 (local.get $1)
                 (i32.load8_u
                  (i32.add
                   (local.get $2)
                   (i32.shl
                    (local.get $6)
                    (i32.const 1)
                   )
                  )
                 )
                )
                (i32.store8 offset=3
                 (local.get $1)
                 (i32.load8_u
                  (i32.add
                   (local.get $2)
                   (i32.mul
                    (local.get $6)
                    (i32.const 3)
                   )
                  )
                 )
                )
                (local.set $2
                 (i32.add
                  (local.get $2)
                  (i32.shl
                   (local.get $6)
                   (i32.const 2)
                  )
                 )
                )
                (local.set $1
                 (i32.add
                  (local.get $1)
                  (i32.const 4)
                 )
                )
                (br $label$8)
               )
              )
             )
             (loop $label$10
              (if
               (i32.lt_u
                (local.get $1)
                (local.get $3)
               )
               (then
                (i32.store8
                 (local.get $1)
                 (i32.load8_u
                  (local.get $2)
                 )
                )
                (local.set $1
                 (i32.add
                  (local.get $1)
                  (i32.const 1)
                 )
                )
                (local.set $2
                 (i32.add
                  (local.get $2)
                  (local.get $6)
                 )
                )
                (br $label$10)
               )
              )
             )
             (local.set $4
              (i32.add
               (local.get $4)
               (i32.const 1)
              )
             )
             (br $label$6)
            )
           )
          )
         )
        )
        (local.set $8
         (i32.add
          (local.get $5)
          (local.get $13)
         )
        )
        (local.set $2
         (i32.const 0)
        )
        (loop $label$12
         (if
          (i32.lt_s
           (local.get $2)
           (local.get $24)
          )
          (then
           (local.set $4
            (i32.const 0)
           )
           (loop $label$14
            (if
             (i32.lt_s
              (local.get $4)
              (local.get $22)
             )
             (then
              (local.set $7
               (i32.load
                (i32.add
                 (local.get $29)
                 (i32.shl
                  (local.get $5)
                  (i32.const 2)
                 )
                )
               )
              )
              (local.set $1
               (local.get $0)
              )
              (local.set $3
               (i32.const 0)
              )
              (loop $label$16
               (if
                (i32.lt_s
                 (local.get $3)
                 (local.get $25)
                )
                (then
                 (local.set $9
                  (i32.add
                   (local.get $14)
                   (i32.add
                    (i32.mul
                     (i32.add
                      (i32.mul
                       (local.get $2)
                       (local.get $37)
                      )
                      (i32.mul
                       (local.get $3)
                       (local.get $38)
                      )
                     )
                     (local.get $11)
                    )
                    (i32.mul
                     (local.get $4)
                     (local.get $35)
                    )
                   )
                  )
                 )
                 (local.set $39
                  (i32.add
                   (local.get $1)
                   (local.get $23)
                  )
                 )
                 (loop $label$18
                  (if
                   (i32.lt_u
                    (local.get $1)
                    (local.get $39)
                   )
                   (then
                    (local.set $7
                     (i32.add
                      (local.get $7)
                      (i32.mul
                       (i32.load8_s
                        (local.get $9)
                       )
                       (i32.load8_s
                        (local.get $1)
                       )
                      )
                     )
                    )
                    (local.set $1
                     (i32.add
                      (local.get $1)
                      (i32.const 1)
                     )
                    )
                    (local.set $9
                     (i32.add
                      (local.get $9)
                      (local.get $36)
                     )
                    )
                    (br $label$18)
                   )
                  )
                 )
                 (local.set $3
                  (i32.add
                   (local.get $3)
                   (i32.const 1)
                  )
                 )
                 (br $label$16)
                )
               )
              )
              (local.set $1
               (i32.wrap_i64
                (i64.shr_s
                 (i64.add
                  (i64.mul
                   (i64.load32_s
                    (i32.add
                     (local.get $30)
                     (i32.shl
                      (local.get $5)
                      (i32.const 2)
                     )
                    )
                   )
                   (i64.extend_i32_s
                    (i32.shl
                     (local.get $7)
                     (select
                      (local.tee $1
                       (local.tee $3
                        (i32.load8_s
                         (i32.add
                          (local.get $5)
                          (local.get $31)
                         )
                        )
                       )
                      )
                      (i32.const 0)
                      (i32.gt_s
                       (local.get $1)
                       (i32.const 0)
                      )
                     )
                    )
                   )
                  )
                  (i64.const 1073741824)
                 )
                 (i64.const 31)
                )
               )
              )
              (local.set $3
               (i32.sub
                (i32.shl
                 (i32.const 1)
                 (local.tee $7
                  (select
                   (local.tee $3
                    (i32.sub
                     (i32.const 0)
                     (local.get $3)
                    )
                   )
                   (i32.const 0)
                   (i32.gt_s
                    (local.get $3)
                    (i32.const 0)
                   )
                  )
                 )
                )
                (i32.const 1)
               )
              )
              (i32.store8
               (local.get $8)
               (select
                (local.get $19)
                (local.tee $1
                 (select
                  (local.get $20)
                  (local.tee $1
                   (i32.add
                    (i32.add
                     (i32.shr_s
                      (local.get $1)
                      (local.get $7)
                     )
                     (i32.lt_s
                      (i32.add
                       (i32.shr_s
                        (local.get $3)
                        (i32.const 1)
                       )
                       (i32.shr_u
                        (local.get $1)
                        (i32.const 31)
                       )
                      )
                      (i32.and
                       (local.get $1)
                       (local.get $3)
                      )
                     )
                    )
                    (local.get $34)
                   )
                  )
                  (i32.gt_s
                   (local.get $1)
                   (local.get $20)
                  )
                 )
                )
                (i32.lt_s
                 (local.get $1)
                 (local.get $19)
                )
               )
              )
              (local.set $8
               (i32.add
                (local.get $8)
                (local.get $16)
               )
              )
              (local.set $4
               (i32.add
                (local.get $4)
                (i32.const 1)
               )
              )
              (br $label$14)
             )
            )
           )
           (local.set $2
            (i32.add
             (local.get $2)
             (i32.const 1)
            )
           )
           (br $label$12)
          )
         )
        )
        (local.set $0
         (i32.add
          (local.get $0)
          (i32.mul
           (local.get $23)
           (local.get $25)
          )
         )
        )
        (local.set $5
         (i32.add
          (local.get $5)
          (i32.const 1)
         )
        )
        (br $label$3)
       )
      )
     )
     (local.set $12
      (i32.add
       (local.get $12)
       (i32.mul
        (i32.mul
         (local.get $10)
         (local.get $15)
        )
        (local.get $6)
       )
      )
     )
     (local.set $13
      (i32.add
       (local.get $13)
       (i32.mul
        (i32.mul
         (local.get $22)
         (local.get $24)
        )
        (local.get $16)
       )
      )
     )
     (local.set $27
      (i32.add
       (local.get $27)
       (i32.const 1)
      )
     )
     (br $label$1)
    )
   )
  )
 )
 (func $2 (param $0 i32)
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
  (local $11 i32)
  (local $12 i32)
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
  (local.set $6
   (i32.load
    (local.get $0)
   )
  )
  (local.set $11
   (i32.load offset=4
    (local.get $0)
   )
  )
  (local.set $17
   (i32.load offset=8
    (local.get $0)
   )
  )
  (local.set $18
   (i32.load offset=12
    (local.get $0)
   )
  )
  (local.set $19
   (i32.load offset=16
    (local.get $0)
   )
  )
  (local.set $9
   (i32.load8_s offset=36
    (local.get $0)
   )
  )
  (local.set $20
   (i32.load offset=24
    (local.get $0)
   )
  )
  (local.set $12
   (i32.load offset=28
    (local.get $0)
   )
  )
  (local.set $13
   (i32.load offset=32
    (local.get $0)
   )
  )
  (local.set $21
   (i32.load8_s offset=37
    (local.get $0)
   )
  )
  (local.set $14
   (i32.load8_s offset=38
    (local.get $0)
   )
  )
  (local.set $15
   (i32.load8_s offset=39
    (local.get $0)
   )
  )
  (loop $label$1
   (if
    (i32.lt_s
     (local.get $16)
     (local.get $20)
    )
    (then
     (local.set $4
      (local.get $17)
     )
     (local.set $2
      (i32.const 0)
     )
     (loop $label$3
      (if
       (i32.lt_s
        (local.get $2)
        (local.get $13)
       )
       (then
        (local.set $7
         (select
          (i32.const 4)
          (local.tee $0
           (i32.sub
            (local.get $13)
            (local.get $2)
           )
          )
          (i32.ge_s
           (local.get $0)
           (i32.const 4)
          )
         )
        )
        (local.set $3
         (i32.const 0)
        )
        (local.set $8
         (i32.const 0)
        )
        (local.set $0
         (i32.const 0)
        )
        (local.set $10
         (i32.const 0)
        )
        (local.set $1
         (local.get $6)
        )
        (loop $label$5
         (if
          (i32.lt_u
           (local.get $1)
           (i32.add
            (local.get $6)
            (local.get $12)
           )
          )
          (then
           (local.set $3
            (i32.add
             (local.get $3)
             (i32.mul
              (local.tee $5
               (i32.load8_s
                (local.get $1)
               )
              )
              (i32.load8_s
               (local.get $4)
              )
             )
            )
           )
           (local.set $8
            (i32.add
             (local.get $8)
             (i32.mul
              (local.get $5)
              (i32.load8_s offset=1
               (local.get $4)
              )
             )
            )
           )
           (local.set $0
            (i32.add
             (local.get $0)
             (i32.mul
              (local.get $5)
              (i32.load8_s offset=2
               (local.get $4)
              )
             )
            )
           )
           (local.set $10
            (i32.add
             (local.get $10)
             (i32.mul
              (local.get $5)
              (i32.load8_s offset=3
               (local.get $4)
              )
             )
            )
           )
           (local.set $1
            (i32.add
             (local.get $1)
             (i32.const 1)
            )
           )
           (local.set $4
            (i32.add
             (local.get $4)
             (local.get $7)
            )
           )
           (br $label$5)
          )
         )
        )
        (local.set $7
         (i32.add
          (local.get $2)
          (local.get $7)
         )
        )
        (loop $label$7
         (if
          (i32.lt_s
           (local.get $2)
           (local.get $7)
          )
          (then
           (local.set $11
            (i32.add
             (local.tee $1
              (local.get $11)
             )
             (i32.const 1)
            )
           )
           (i32.store8
            (block (result i32)
             (local.set $22
              (local.get $1)
             )
             (local.set $5
              (i32.sub
               (i32.shl
                (i32.const 1)
                (local.tee $1
                 (select
                  (local.tee $1
                   (i32.sub
                    (i32.const 0)
                    (local.get $9)
                   )
                  )
                  (i32.const 0)
                  (i32.gt_s
                   (local.get $1)
                   (i32.const 0)
                  )
                 )
                )
               )
               (i32.const 1)
              )
             )
             (local.get $22)
            )
            (select
             (local.get $14)
             (local.tee $1
              (select
               (local.get $15)
               (local.tee $1
                (i32.add
                 (i32.add
                  (i32.shr_s
                   (local.tee $3
                    (i32.wrap_i64
                     (i64.shr_s
                      (i64.add
                       (i64.mul
                        (i64.extend_i32_s
                         (i32.shl
                          (i32.add
                           (local.get $3)
                           (i32.load
                            (i32.add
                             (local.get $18)
                             (i32.shl
                              (local.get $2)
                              (i32.const 2)
                             )
                            )
                           )
                          )
                          (select
                           (local.get $9)
                           (i32.const 0)
                           (i32.gt_s
                            (local.get $9)
                            (i32.const 0)
                           )
                          )
                         )
                        )
                        (i64.extend_i32_s
                         (local.get $19)
                        )
                       )
                       (i64.const 1073741824)
                      )
                      (i64.const 31)
                     )
                    )
                   )
                   (local.get $1)
                  )
                  (i32.lt_s
                   (i32.add
                    (i32.shr_s
                     (local.get $5)
                     (i32.const 1)
                    )
                    (i32.shr_u
                     (local.get $3)
                     (i32.const 31)
                    )
                   )
                   (i32.and
                    (local.get $3)
                    (local.get $5)
                   )
                  )
                 )
                 (local.get $21)
                )
               )
               (i32.gt_s
                (local.get $1)
                (local.get $15)
               )
              )
             )
             (i32.lt_s
              (local.get $1)
              (local.get $14)
             )
            )
           )
           (local.set $3
            (local.get $8)
           )
           (local.set $8
            (local.get $0)
           )
           (local.set $0
            (local.get $10)
           )
           (local.set $2
            (i32.add
             (local.get $2)
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
     (local.set $6
      (i32.add
       (local.get $6)
       (local.get $12)
      )
     )
     (local.set $16
      (i32.add
       (local.get $16)
       (i32.const 1)
      )
     )
     (br $label$1)
    )
   )
  )
 )
 (func $3 (result i32)
  (call $0
   (i32.const 396)
  )
  (call $1
   (i32.const 472)
  )
  (call $2
   (i32.const 544)
  )
  (i32.const 0)
 )
)
