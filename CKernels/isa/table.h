/// The dispatch table: each family defines its part and fills it, rung after rung.
///
/// A family `x` has in `x/x_table.h` a struct of function pointers and `ck_fill_x(table, isa)`,
/// which writes the entries that the rung `isa` provides; `CK_ISA_REFERENCE` provides all. It is
/// called for each rung of the architecture's ladder, lowest first, up to the chosen one.
#ifndef CK_TABLE_H
#define CK_TABLE_H

#include "../attention/attention_int_table.h"
#include "../attention/attention_table.h"
#include "../elementwise/elementwise_table.h"
#include "../gemm/gemm_table.h"
#include "../normalization/normalization_table.h"
#include "../quantize/quantize_table.h"
#include "../winograd/winograd_table.h"
#include "isa.h"

typedef struct ck_table {
    ck_isa isa;
    ck_gemm_table gemm;
    ck_attention_table attention;
    ck_attention_int_table attention_int;
    ck_normalization_table normalization;
    ck_elementwise_table elementwise;
    ck_quantize_table quantize;
    ck_winograd_table winograd;
} ck_table;

/// The one table; the reference until `ck_select_isa` fills it.
extern ck_table ck_kernels;

#endif
