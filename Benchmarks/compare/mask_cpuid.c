/// A library to preload: the program sees an x86 processor that ends at AVX2.
///
/// Linux lets a process have its CPUID instructions trapped, where the processor can. Each is then
/// run here, and what it says of AVX-512, VNNI and AMX is left out. Threads inherit the trap.
#define _GNU_SOURCE

#include <asm/prctl.h>
#include <cpuid.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { is_trapped = 0, is_allowed = 1 };

/// The features of a leaf that are hidden: bits of EAX, EBX, ECX, EDX.
static const struct hidden {
    unsigned leaf, subleaf, eax, ebx, ecx, edx;
} hidden[] = {
    {.leaf = 7, .subleaf = 0, .ebx = 0xdc230000, .ecx = 0x00005842, .edx = 0x03c0010c},
    {.leaf = 7, .subleaf = 1, .eax = 0x00200030, .edx = 0x000805b0},
};

static long set_cpuid(unsigned long mode) {
    return syscall(SYS_arch_prctl, ARCH_SET_CPUID, mode);
}

static void answer(greg_t *registers) {
    const unsigned leaf = (unsigned)registers[REG_RAX], subleaf = (unsigned)registers[REG_RCX];
    unsigned a, b, c, d;
    set_cpuid(is_allowed);
    __cpuid_count(leaf, subleaf, a, b, c, d);
    set_cpuid(is_trapped);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        if (hidden[i].leaf == leaf && hidden[i].subleaf == subleaf) {
            a &= ~hidden[i].eax;
            b &= ~hidden[i].ebx;
            c &= ~hidden[i].ecx;
            d &= ~hidden[i].edx;
        }
    }
    registers[REG_RAX] = a;
    registers[REG_RBX] = b;
    registers[REG_RCX] = c;
    registers[REG_RDX] = d;
}

static void handle(int number, siginfo_t *info, void *context) {
    greg_t *const registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const unsigned char *const code = (const unsigned char *)registers[REG_RIP];
    if (info->si_code != SI_KERNEL || code[0] != 0x0f || code[1] != 0xa2) {
        signal(number, SIG_DFL); // A real fault: it happens again and ends the program.
        return;
    }
    answer(registers);
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGSEGV, &action, NULL) != 0 || set_cpuid(is_trapped) != 0) {
        perror("mask_cpuid");
        exit(1);
    }
}
