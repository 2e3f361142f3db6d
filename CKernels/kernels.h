/// The compute kernels: everything that touches numbers in bulk.
///
/// One folder a family; each has its contract in a header, a plain reference, and one file for each
/// instruction set that does better. Nothing here allocates, does I/O or starts threads: the caller
/// brings the memory and splits the work.
#ifndef CK_KERNELS_H
#define CK_KERNELS_H

#include "attention/attention.h"
#include "attention/attention_int.h"
#include "ceiling/ceiling.h"
#include "conv/conv.h"
#include "elementwise/elementwise.h"
#include "gemm/gemm.h"
#include "isa/isa.h"
#include "normalization/normalization.h"
#include "quantize/quantize.h"
#include "resample/resample.h"
#include "winograd/winograd.h"

#endif
