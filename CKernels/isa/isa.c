#include "isa.h"
ck_isa ck_best_isa(void) { return CK_ISA_REFERENCE; }
