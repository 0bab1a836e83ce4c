// See cuda_on_cpu.h.
