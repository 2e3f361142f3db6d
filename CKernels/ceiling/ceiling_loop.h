/// The loop behind every mix.
#ifndef CK_CEILING_LOOP_H
#define CK_CEILING_LOOP_H

#include "ceiling_table.h"

#if defined(__aarch64__)
#define CK_ANY_VECTOR "w"
#else
#define CK_ANY_VECTOR "v"
#endif

/// Hides from the compiler what a register holds, so that no product is computed only once.
#define CK_HIDE(x) __asm__ volatile("" : "+" CK_ANY_VECTOR(x))

/// Defines `name`, which adds products of two registers to as many sums as hide the latency.
#define CK_CEILING_LOOP(name, sum_type, operand_type, operand, add)                                \
    void name(size_t rounds) {                                                                     \
        sum_type sum[ck_ceiling_sums] = {0};                                                       \
        operand_type x = operand, y = operand;                                                     \
        for (; rounds > 0; rounds--) {                                                             \
            for (int i = 0; i < ck_ceiling_sums; i++) {                                            \
                CK_HIDE(x);                                                                        \
                sum[i] = add(sum[i], x, y);                                                        \
            }                                                                                      \
        }                                                                                          \
        for (int i = 0; i < ck_ceiling_sums; i++) {                                                \
            CK_HIDE(sum[i]);                                                                       \
        }                                                                                          \
    }

#endif
