/// The ladder: names, what is available, and what selecting does.
#include "kernel_check.h"

#include <string.h>

void check_isa(void) {
    if (check_case("isa_names", "all")) {
        for (int number = 0; number < CK_ISA_COUNT; number++) {
            const char *name = ck_isa_name((ck_isa)number);
            ck_isa isa;
            if (name && (!ck_isa_from_name(name, &isa) || isa != (ck_isa)number)) {
                check_fail("%s does not name %d", name, number);
            }
            if (!name && ck_isa_available((ck_isa)number)) {
                check_fail("%d is available but has no name", number);
            }
        }
        ck_isa untouched = CK_ISA_REFERENCE;
        if (ck_isa_from_name("AVX2", &untouched) || ck_isa_from_name("", &untouched)) {
            check_fail("a name that is none was taken");
        }
    }
    if (check_case("isa_select", "all")) {
        if (ck_selected_isa() != check_tested()) {
            check_fail("%s is selected", ck_isa_name(ck_selected_isa()));
        }
        for (int number = 0; number < CK_ISA_COUNT; number++) {
            const ck_isa isa = (ck_isa)number;
            const ck_isa before = ck_selected_isa();
            const bool selected = ck_select_isa(isa);
            if (selected != ck_isa_available(isa) ||
                ck_selected_isa() != (selected ? isa : before)) {
                check_fail("selecting %d left %d", number, (int)ck_selected_isa());
            }
        }
        if (!ck_isa_available(ck_best_isa()) || !ck_isa_available(CK_ISA_REFERENCE)) {
            check_fail("the best rung is not available");
        }
        check_use_tested();
    }
}
