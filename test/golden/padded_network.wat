(module
 (type $0 (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
 (type $1 (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
 (type $2 (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
 (type $3 (func (result i32)))
 (global $global$0 i32 (i32.const 1))
 (global $global$1 i32 (i32.const 322))
 (global $global$2 i32 (i32.const 272))
 (global $global$3 i32 (i32.const 50))
 (global $global$4 i32 (i32.const 256))
 (global $global$5 i32 (i32.const 3))
 (memory $0 1 1)
 (data $0 (i32.const 16) "\e1\f0\cca\16\1a%l+\ad\8btV\05\a3^")
 (data $1 (i32.const 32) "\ff\n\00\00\00\f7\ff\ff\9f\f8\ff\ffA\06")
 (data $2 (i32.const 48) ">\ca\'E\08\b1\f5x[\1eub!\8d\e6W")
 (data $3 (i32.const 64) "O\fb\ff\ff\17\f6\ff\ff?\f8\ff\ffn\05")
 (data $4 (i32.const 80) "\e0\13\fe\ff\faP\ff\ffw\f6\ff\ff")
 (data $5 (i32.const 92) "\f8\f7\f7\f8")
 (data $6 (i32.const 96) "\aav<\c21V\e4\96\08L\ff\1a\\\84\ac\c9\b2C-\18v2]=6eN\e9\98\17\b2T3\d48z\c5\eb\13\bb\d7\92\d4[\84\ea\c5(\06\1f[\ee\f2\9e\r\a1*\84l\87`\f4&^\9d\f5\95\a7\e9\f0\96\90")
 (data $7 (i32.const 168) "\f9\f8\f7\f8")
 (data $8 (i32.const 172) "1\15\aa@o\a2\f9\fb-\c9H\0ffb\9f\fbQ6\r\b8\d8V\adq\d5\e6\82\b8\d8\c9\e7\04]\d1c\e0")
 (data $9 (i32.const 208) "\b3\bf\a7\ee\98\9a\bb\d7\9b\f8\96\9b\a5\0e\e6\ecL\f0\1b\9e\ce|\b1\11\d5\89\93\17\13<\c4\82\"i\b48\a3\1dj\b0\04\d0\fb\de\e6\eb\eb$")
 (export "invoke" (func $3))
 (export "abi" (global $global$0))
 (export "memory_bytes" (global $global$1))
 (export "input_0" (global $global$2))
 (export "input_0_bytes" (global $global$3))
 (export "output_0" (global $global$4))
 (export "output_0_bytes" (global $global$5))
 (export "memory" (memory $0))
 (export "kernel.conv2d_s8.1" (func $0))
 (export "kernel.depthwise_conv2d_s8.1" (func $1))
 (export "kernel.fully_connected_s8.1" (func $2))
 (func $0 (param $0 i32) (param $1 i32) (param $2 i32) (param $3 i32) (param $4 i32) (param $5 i32) (param $6 i32) (param $7 i32) (param $8 i32) (param $9 i32) (param $10 i32) (param $11 i32) (param $12 i32) (param $13 i32) (param $14 i32) (param $15 i32) (param $16 i32) (param $17 i32) (param $18 i32) (param $19 i32) (param $20 i32) (param $21 i32) (param $22 i32) (param $23 i32) (param $24 i32) (param $25 i32)
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
  (local.set $35
   (i32.div_s
    (local.get $9)
    (local.get $15)
   )
  )
  (local.set $37
   (i32.div_s
    (local.get $12)
    (local.get $15)
   )
  )
  (loop $label$1
   (if
    (i32.gt_s
     (local.get $6)
     (local.get $36)
    )
    (then
     (local.set $31
      (i32.const 0)
     )
     (loop $label$3
      (if
       (i32.gt_s
        (local.get $10)
        (local.get $31)
       )
       (then
        (local.set $38
         (i32.sub
          (i32.mul
           (local.get $16)
           (local.get $31)
          )
          (local.get $20)
         )
        )
        (local.set $32
         (i32.const 0)
        )
        (loop $label$5
         (if
          (i32.gt_s
           (local.get $11)
           (local.get $32)
          )
          (then
           (local.set $39
            (i32.sub
             (i32.mul
              (local.get $17)
              (local.get $32)
             )
             (local.get $21)
            )
           )
           (local.set $15
            (local.get $2)
           )
           (local.set $29
            (i32.const 0)
           )
           (loop $label$7
            (if
             (i32.gt_s
              (local.get $12)
              (local.get $29)
             )
             (then
              (local.set $40
               (i32.add
                (local.get $0)
                (i32.mul
                 (i32.div_s
                  (local.get $29)
                  (local.get $37)
                 )
                 (local.get $35)
                )
               )
              )
              (local.set $30
               (i32.load
                (i32.add
                 (local.get $3)
                 (i32.shl
                  (local.get $29)
                  (i32.const 2)
                 )
                )
               )
              )
              (local.set $33
               (i32.const 0)
              )
              (loop $label$9
               (if
                (i32.gt_s
                 (local.get $13)
                 (local.get $33)
                )
                (then
                 (block $label$11
                  (if
                   (i32.ge_u
                    (local.tee $41
                     (i32.add
                      (local.get $38)
                      (i32.mul
                       (local.get $18)
                       (local.get $33)
                      )
                     )
                    )
                    (local.get $7)
                   )
                   (then
                    (local.set $15
                     (i32.add
                      (local.get $15)
                      (i32.mul
                       (local.get $14)
                       (local.get $35)
                      )
                     )
                    )
                    (br $label$11)
                   )
                  )
                  (local.set $34
                   (i32.const 0)
                  )
                  (loop $label$13
                   (if
                    (i32.gt_s
                     (local.get $14)
                     (local.get $34)
                    )
                    (then
                     (local.set $26
                      (i32.add
                       (local.get $15)
                       (local.get $35)
                      )
                     )
                     (if
                      (i32.lt_u
                       (local.tee $28
                        (i32.add
                         (local.get $39)
                         (i32.mul
                          (local.get $19)
                          (local.get $34)
                         )
                        )
                       )
                       (local.get $8)
                      )
                      (then
                       (local.set $27
                        (i32.add
                         (local.get $40)
                         (i32.mul
                          (i32.add
                           (i32.mul
                            (local.get $8)
                            (local.get $41)
                           )
                           (local.get $28)
                          )
                          (local.get $9)
                         )
                        )
                       )
                       (loop $label$16
                        (if
                         (i32.le_u
                          (local.tee $28
                           (i32.add
                            (local.get $15)
                            (i32.const 4)
                           )
                          )
                          (local.get $26)
                         )
                         (then
                          (local.set $30
                           (i32.add
                            (local.get $30)
                            (i32.add
                             (i32.add
                              (i32.add
                               (i32.mul
                                (i32.load8_s
                                 (local.get $15)
                                )
                                (i32.sub
                                 (i32.load8_s
                                  (local.get $27)
                                 )
                                 (local.get $22)
                                )
                               )
                               (i32.mul
                                (i32.load8_s offset=1
                                 (local.get $15)
                                )
                                (i32.sub
                                 (i32.load8_s offset=1
                                  (local.get $27)
                                 )
                                 (local.get $22)
                                )
                               )
                              )
                              (i32.mul
                               (i32.load8_s offset=2
                                (local.get $15)
                               )
                               (i32.sub
                                (i32.load8_s offset=2
                                 (local.get $27)
                                )
                                (local.get $22)
                               )
                              )
                             )
                             (i32.mul
                              (i32.load8_s offset=3
                               (local.get $15)
                              )
                              (i32.sub
                               (i32.load8_s offset=3
                                (local.get $27)
                               )
                               (local.get $22)
                              )
                             )
                            )
                           )
                          )
                          (local.set $15
                           (local.get $28)
                          )
                          (local.set $27
                           (i32.add
                            (local.get $27)
                            (i32.const 4)
                           )
                          )
                          (br $label$16)
                         )
                        )
                       )
                       (loop $label$18
                        (if
                         (i32.lt_u
                          (local.get $15)
                          (local.get $26)
                         )
                         (then
                          (local.set $30
                           (i32.add
                            (local.get $30)
                            (i32.mul
                             (i32.load8_s
                              (local.get $15)
                             )
                             (i32.sub
                              (i32.load8_s
                               (local.get $27)
                              )
                              (local.get $22)
                             )
                            )
                           )
                          )
                          (local.set $15
                           (i32.add
                            (local.get $15)
                            (i32.const 1)
                           )
                          )
                          (local.set $27
                           (i32.add
                            (local.get $27)
                            (i32.const 1)
                           )
                          )
                          (br $label$18)
                         )
                        )
                       )
                      )
                     )
                     (local.set $15
                      (local.get $26)
                     )
                     (local.set $34
                      (i32.add
                       (local.get $34)
                       (i32.const 1)
                      )
                     )
                     (br $label$13)
                    )
                   )
                  )
                 )
                 (local.set $33
                  (i32.add
                   (local.get $33)
                   (i32.const 1)
                  )
                 )
                 (br $label$9)
                )
               )
              )
              (local.set $1
               (i32.add
                (local.tee $26
                 (local.get $1)
                )
                (i32.const 1)
               )
              )
              (i32.store8
               (block (result i32)
                (local.set $42
                 (local.get $26)
                )
                (local.set $26
                 (i32.wrap_i64
                  (i64.shr_s
                   (i64.add
                    (i64.mul
                     (i64.load32_s
                      (i32.add
                       (local.get $4)
                       (i32.shl
                        (local.get $29)
                        (i32.const 2)
                       )
                      )
                     )
                     (i64.extend_i32_s
                      (i32.shl
                       (local.get $30)
                       (select
                        (local.tee $26
                         (local.tee $28
                          (i32.load8_s
                           (i32.add
                            (local.get $5)
                            (local.get $29)
                           )
                          )
                         )
                        )
                        (i32.const 0)
                        (i32.gt_s
                         (local.get $26)
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
                (local.set $28
                 (i32.wrap_i64
                  (i64.sub
                   (i64.shl
                    (i64.const 1)
                    (i64.extend_i32_s
                     (local.tee $27
                      (select
                       (local.tee $28
                        (i32.sub
                         (i32.const 0)
                         (local.get $28)
                        )
                       )
                       (i32.const 0)
                       (i32.gt_s
                        (local.get $28)
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
                (local.get $42)
               )
               (select
                (local.get $24)
                (local.tee $26
                 (select
                  (local.get $25)
                  (local.tee $26
                   (i32.add
                    (i32.add
                     (i32.shr_s
                      (local.get $26)
                      (local.get $27)
                     )
                     (i32.lt_s
                      (i32.add
                       (i32.shr_s
                        (local.get $28)
                        (i32.const 1)
                       )
                       (i32.shr_u
                        (local.get $26)
                        (i32.const 31)
                       )
                      )
                      (i32.and
                       (local.get $26)
                       (local.get $28)
                      )
                     )
                    )
                    (local.get $23)
                   )
                  )
                  (i32.lt_s
                   (local.get $25)
                   (local.get $26)
                  )
                 )
                )
                (i32.gt_s
                 (local.get $24)
                 (local.get $26)
                )
               )
              )
              (local.set $29
               (i32.add
                (local.get $29)
                (i32.const 1)
               )
              )
              (br $label$7)
             )
            )
           )
           (local.set $32
            (i32.add
             (local.get $32)
             (i32.const 1)
            )
           )
           (br $label$5)
          )
         )
        )
        (local.set $31
         (i32.add
          (local.get $31)
          (i32.const 1)
         )
        )
        (br $label$3)
       )
      )
     )
     (local.set $0
      (i32.add
       (local.get $0)
       (i32.mul
        (i32.mul
         (local.get $7)
         (local.get $8)
        )
        (local.get $9)
       )
      )
     )
     (local.set $36
      (i32.add
       (local.get $36)
       (i32.const 1)
      )
     )
     (br $label$1)
    )
   )
  )
 )
 (func $1 (param $0 i32) (param $1 i32) (param $2 i32) (param $3 i32) (param $4 i32) (param $5 i32) (param $6 i32) (param $7 i32) (param $8 i32) (param $9 i32) (param $10 i32) (param $11 i32) (param $12 i32) (param $13 i32) (param $14 i32) (param $15 i32) (param $16 i32) (param $17 i32) (param $18 i32) (param $19 i32) (param $20 i32) (param $21 i32) (param $22 i32) (param $23 i32) (param $24 i32)
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
  (local.set $31
   (i32.mul
    (local.get $9)
    (local.get $12)
   )
  )
  (loop $label$1
   (if
    (i32.gt_s
     (local.get $6)
     (local.get $33)
    )
    (then
     (local.set $29
      (i32.const 0)
     )
     (loop $label$3
      (if
       (i32.gt_s
        (local.get $10)
        (local.get $29)
       )
       (then
        (local.set $34
         (i32.sub
          (i32.mul
           (local.get $15)
           (local.get $29)
          )
          (local.get $19)
         )
        )
        (local.set $30
         (i32.const 0)
        )
        (loop $label$5
         (if
          (i32.gt_s
           (local.get $11)
           (local.get $30)
          )
          (then
           (local.set $35
            (i32.sub
             (i32.mul
              (local.get $16)
              (local.get $30)
             )
             (local.get $20)
            )
           )
           (local.set $27
            (i32.const 0)
           )
           (loop $label$7
            (if
             (i32.lt_s
              (local.get $27)
              (local.get $31)
             )
             (then
              (local.set $36
               (i32.add
                (local.get $0)
                (i32.div_s
                 (local.get $27)
                 (local.get $12)
                )
               )
              )
              (local.set $28
               (i32.load
                (i32.add
                 (local.get $3)
                 (i32.shl
                  (local.get $27)
                  (i32.const 2)
                 )
                )
               )
              )
              (local.set $25
               (i32.const 0)
              )
              (loop $label$9
               (if
                (i32.gt_s
                 (local.get $13)
                 (local.get $25)
                )
                (then
                 (if
                  (i32.gt_u
                   (local.get $7)
                   (local.tee $37
                    (i32.add
                     (local.get $34)
                     (i32.mul
                      (local.get $17)
                      (local.get $25)
                     )
                    )
                   )
                  )
                  (then
                   (local.set $32
                    (i32.add
                     (local.get $2)
                     (i32.add
                      (i32.mul
                       (i32.mul
                        (local.get $14)
                        (local.get $25)
                       )
                       (local.get $31)
                      )
                      (local.get $27)
                     )
                    )
                   )
                   (local.set $26
                    (i32.const 0)
                   )
                   (loop $label$12
                    (if
                     (i32.gt_s
                      (local.get $14)
                      (local.get $26)
                     )
                     (then
                      (if
                       (i32.lt_u
                        (local.tee $38
                         (i32.add
                          (local.get $35)
                          (i32.mul
                           (local.get $18)
                           (local.get $26)
                          )
                         )
                        )
                        (local.get $8)
                       )
                       (then
                        (local.set $28
                         (i32.add
                          (local.get $28)
                          (i32.mul
                           (i32.load8_s
                            (local.get $32)
                           )
                           (i32.sub
                            (i32.load8_s
                             (i32.add
                              (local.get $36)
                              (i32.mul
                               (i32.add
                                (i32.mul
                                 (local.get $8)
                                 (local.get $37)
                                )
                                (local.get $38)
                               )
                               (local.get $9)
                              )
                             )
                            )
                            (local.get $21)
                           )
                          )
                         )
                        )
                       )
                      )
                      (local.set $32
                       (i32.add
                        (local.get $31)
                        (local.get $32)
                       )
                      )
                      (local.set $26
                       (i32.add
                        (local.get $26)
                        (i32.const 1)
                       )
                      )
                      (br $label$12)
                     )
                    )
                   )
                  )
                 )
                 (local.set $25
                  (i32.add
                   (local.get $25)
                   (i32.const 1)
                  )
                 )
                 (br $label$9)
                )
               )
              )
              (local.set $1
               (i32.add
                (local.tee $25
                 (local.get $1)
                )
                (i32.const 1)
               )
              )
              (i32.store8
               (block (result i32)
                (local.set $39
                 (local.get $25)
                )
                (local.set $25
                 (i32.wrap_i64
                  (i64.shr_s
                   (i64.add
                    (i64.mul
                     (i64.load32_s
                      (i32.add
                       (local.get $4)
                       (i32.shl
                        (local.get $27)
                        (i32.const 2)
                       )
                      )
                     )
                     (i64.extend_i32_s
                      (i32.shl
                       (local.get $28)
                       (select
                        (local.tee $25
                         (local.tee $26
                          (i32.load8_s
                           (i32.add
                            (local.get $5)
                            (local.get $27)
                           )
                          )
                         )
                        )
                        (i32.const 0)
                        (i32.gt_s
                         (local.get $25)
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
                (local.set $26
                 (i32.wrap_i64
                  (i64.sub
                   (i64.shl
                    (i64.const 1)
                    (i64.extend_i32_s
                     (local.tee $28
                      (select
                       (local.tee $26
                        (i32.sub
                         (i32.const 0)
                         (local.get $26)
                        )
                       )
                       (i32.const 0)
                       (i32.gt_s
                        (local.get $26)
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
                (local.get $39)
               )
               (select
                (local.get $23)
                (local.tee $25
                 (select
                  (local.get $24)
                  (local.tee $25
                   (i32.add
                    (i32.add
                     (i32.shr_s
                      (local.get $25)
                      (local.get $28)
                     )
                     (i32.lt_s
                      (i32.add
                       (i32.shr_s
                        (local.get $26)
                        (i32.const 1)
                       )
                       (i32.shr_u
                        (local.get $25)
                        (i32.const 31)
                       )
                      )
                      (i32.and
                       (local.get $25)
                       (local.get $26)
                      )
                     )
                    )
                    (local.get $22)
                   )
                  )
                  (i32.lt_s
                   (local.get $24)
                   (local.get $25)
                  )
                 )
                )
                (i32.gt_s
                 (local.get $23)
                 (local.get $25)
                )
               )
              )
              (local.set $27
               (i32.add
                (local.get $27)
                (i32.const 1)
               )
              )
              (br $label$7)
             )
            )
           )
           (local.set $30
            (i32.add
             (local.get $30)
             (i32.const 1)
            )
           )
           (br $label$5)
          )
         )
        )
        (local.set $29
         (i32.add
          (local.get $29)
          (i32.const 1)
         )
        )
        (br $label$3)
       )
      )
     )
     (local.set $0
      (i32.add
       (local.get $0)
       (i32.mul
        (i32.mul
         (local.get $7)
         (local.get $8)
        )
        (local.get $9)
       )
      )
     )
     (local.set $33
      (i32.add
       (local.get $33)
       (i32.const 1)
      )
     )
     (br $label$1)
    )
   )
  )
 )
 (func $2 (param $0 i32) (param $1 i32) (param $2 i32) (param $3 i32) (param $4 i32) (param $5 i32) (param $6 i32) (param $7 i32) (param $8 i32) (param $9 i32) (param $10 i32) (param $11 i32)
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
  (loop $label$1
   (if
    (i32.gt_s
     (local.get $6)
     (local.get $17)
    )
    (then
     (local.set $16
      (local.get $2)
     )
     (local.set $15
      (i32.const 0)
     )
     (loop $label$3
      (if
       (i32.gt_s
        (local.get $8)
        (local.get $15)
       )
       (then
        (local.set $1
         (i32.add
          (local.tee $12
           (local.get $1)
          )
          (i32.const 1)
         )
        )
        (i32.store8
         (block (result i32)
          (local.set $22
           (local.get $12)
          )
          (local.set $18
           (i32.wrap_i64
            (i64.sub
             (i64.shl
              (i64.const 1)
              (i64.extend_i32_s
               (local.tee $20
                (select
                 (local.tee $12
                  (i32.sub
                   (i32.const 0)
                   (local.get $5)
                  )
                 )
                 (i32.const 0)
                 (i32.gt_s
                  (local.get $12)
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
          (local.set $13
           (local.get $16)
          )
          (local.set $14
           (i32.const 0)
          )
          (local.set $19
           (i32.add
            (local.get $7)
            (local.tee $12
             (local.get $0)
            )
           )
          )
          (loop $label$5
           (if
            (i32.le_u
             (local.tee $21
              (i32.add
               (local.get $12)
               (i32.const 8)
              )
             )
             (local.get $19)
            )
            (then
             (local.set $14
              (i32.add
               (local.get $14)
               (i32.add
                (i32.add
                 (i32.add
                  (i32.add
                   (i32.add
                    (i32.add
                     (i32.add
                      (i32.mul
                       (i32.load8_s
                        (local.get $12)
                       )
                       (i32.load8_s
                        (local.get $13)
                       )
                      )
                      (i32.mul
                       (i32.load8_s offset=1
                        (local.get $12)
                       )
                       (i32.load8_s offset=1
                        (local.get $13)
                       )
                      )
                     )
                     (i32.mul
                      (i32.load8_s offset=2
                       (local.get $12)
                      )
                      (i32.load8_s offset=2
                       (local.get $13)
                      )
                     )
                    )
                    (i32.mul
                     (i32.load8_s offset=3
                      (local.get $12)
                     )
                     (i32.load8_s offset=3
                      (local.get $13)
                     )
                    )
                   )
                   (i32.mul
                    (i32.load8_s offset=4
                     (local.get $12)
                    )
                    (i32.load8_s offset=4
                     (local.get $13)
                    )
                   )
                  )
                  (i32.mul
                   (i32.load8_s offset=5
                    (local.get $12)
                   )
                   (i32.load8_s offset=5
                    (local.get $13)
                   )
                  )
                 )
                 (i32.mul
                  (i32.load8_s offset=6
                   (local.get $12)
                  )
                  (i32.load8_s offset=6
                   (local.get $13)
                  )
                 )
                )
                (i32.mul
                 (i32.load8_s offset=7
                  (local.get $12)
                 )
                 (i32.load8_s offset=7
                  (local.get $13)
                 )
                )
               )
              )
             )
             (local.set $12
              (local.get $21)
             )
             (local.set $13
              (i32.add
               (local.get $13)
               (i32.const 8)
              )
             )
             (br $label$5)
            )
           )
          )
          (loop $label$7
           (if
            (i32.lt_u
             (local.get $12)
             (local.get $19)
            )
            (then
             (local.set $14
              (i32.add
               (local.get $14)
               (i32.mul
                (i32.load8_s
                 (local.get $12)
                )
                (i32.load8_s
                 (local.get $13)
                )
               )
              )
             )
             (local.set $12
              (i32.add
               (local.get $12)
               (i32.const 1)
              )
             )
             (local.set $13
              (i32.add
               (local.get $13)
               (i32.const 1)
              )
             )
             (br $label$7)
            )
           )
          )
          (local.get $22)
         )
         (select
          (local.get $10)
          (local.tee $12
           (select
            (local.get $11)
            (local.tee $12
             (i32.add
              (i32.add
               (i32.shr_s
                (local.tee $12
                 (i32.wrap_i64
                  (i64.shr_s
                   (i64.add
                    (i64.mul
                     (i64.extend_i32_s
                      (i32.shl
                       (i32.add
                        (i32.load
                         (i32.add
                          (local.get $3)
                          (i32.shl
                           (local.get $15)
                           (i32.const 2)
                          )
                         )
                        )
                        (local.get $14)
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
                (local.get $20)
               )
               (i32.lt_s
                (i32.add
                 (i32.shr_s
                  (local.get $18)
                  (i32.const 1)
                 )
                 (i32.shr_u
                  (local.get $12)
                  (i32.const 31)
                 )
                )
                (i32.and
                 (local.get $12)
                 (local.get $18)
                )
               )
              )
              (local.get $9)
             )
            )
            (i32.lt_s
             (local.get $11)
             (local.get $12)
            )
           )
          )
          (i32.gt_s
           (local.get $10)
           (local.get $12)
          )
         )
        )
        (local.set $16
         (i32.add
          (local.get $7)
          (local.get $16)
         )
        )
        (local.set $15
         (i32.add
          (local.get $15)
          (i32.const 1)
         )
        )
        (br $label$3)
       )
      )
     )
     (local.set $0
      (i32.add
       (local.get $0)
       (local.get $7)
      )
     )
     (local.set $17
      (i32.add
       (local.get $17)
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
   (i32.const 272)
   (i32.const 256)
   (i32.const 96)
   (i32.const 32)
   (i32.const 16)
   (i32.const 92)
   (i32.const 1)
   (i32.const 5)
   (i32.const 5)
   (i32.const 2)
   (i32.const 2)
   (i32.const 2)
   (i32.const 4)
   (i32.const 3)
   (i32.const 3)
   (i32.const 1)
   (i32.const 2)
   (i32.const 2)
   (i32.const 1)
   (i32.const 1)
   (i32.const 0)
   (i32.const 0)
   (i32.const -111)
   (i32.const -32)
   (i32.const -128)
   (i32.const 127)
  )
  (call $1
   (i32.const 256)
   (i32.const 272)
   (i32.const 172)
   (i32.const 64)
   (i32.const 48)
   (i32.const 168)
   (i32.const 1)
   (i32.const 2)
   (i32.const 2)
   (i32.const 4)
   (i32.const 2)
   (i32.const 2)
   (i32.const 1)
   (i32.const 3)
   (i32.const 3)
   (i32.const 1)
   (i32.const 1)
   (i32.const 1)
   (i32.const 1)
   (i32.const 1)
   (i32.const 1)
   (i32.const -32)
   (i32.const -128)
   (i32.const -128)
   (i32.const 127)
  )
  (call $2
   (i32.const 272)
   (i32.const 256)
   (i32.const 208)
   (i32.const 80)
   (i32.const 1451768649)
   (i32.const -2)
   (i32.const 1)
   (i32.const 16)
   (i32.const 3)
   (i32.const -10)
   (i32.const -10)
   (i32.const 127)
  )
  (i32.const 0)
 )
)
