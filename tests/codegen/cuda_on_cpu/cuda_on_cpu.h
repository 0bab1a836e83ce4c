// CUDA on the CPU, to check generated code where there is no GPU: memory, launches, barriers and atomics.
//
// Blocks run one after the other. The threads of a block whose kernel has barriers are fibers, each run up to its next
// barrier in turn. That shows that kernels index and synchronise as they should in one order of execution; it does not
// show races, limits of the hardware or speed.
#pragma once
#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <ucontext.h>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static  // one block at a time
#define __forceinline__ inline
#define __launch_bounds__(...)

using std::max;
using std::min;

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    size_t count() const { return (size_t)x * y * z; }
    dim3 at(size_t k) const { return dim3(k % x, k / x % y, k / x / y); }
};
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

// Memory: the device's is the host's. It is filled with NaN, because a real device does not hand out zeros.
enum cudaError_t { cudaSuccess };
typedef cudaError_t cudaError;
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice, cudaMemcpyHostToHost };
template<class T> cudaError_t cudaMalloc(T** pointer, size_t size)
{
    *pointer = (T*)malloc(size + 1);
    memset((void*)*pointer, 0xff, size + 1);
    return cudaSuccess;
}
template<class T> cudaError_t cudaFree(T* pointer) { free((void*)pointer); return cudaSuccess; }
inline cudaError_t cudaMemcpy(void* to, const void* from, size_t size, cudaMemcpyKind) { memcpy(to, from, size); return cudaSuccess; }
template<class T> cudaError_t cudaMemcpyToSymbol(T& to, const void* from, size_t size) { memcpy((void*)&to, from, size); return cudaSuccess; }

// The device: it always answers, and never fails.
struct cudaDeviceProp {
    int multiProcessorCount = 2, maxThreadsPerBlock = 1024, maxThreadsPerMultiProcessor = 2048, warpSize = 32;
    size_t sharedMemPerBlock = 49152;
};
struct cudaFuncAttributes {
    int numRegs = 0, maxThreadsPerBlock = 1024;
    size_t sharedSizeBytes = 0, localSizeBytes = 0, constSizeBytes = 0;
};
enum cudaLimit { cudaLimitMallocHeapSize };
inline const char* cudaGetErrorString(cudaError_t) { return ""; }
inline cudaError_t cudaGetLastError() { return cudaSuccess; }
inline cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
inline void __threadfence() {}
inline cudaError_t cudaDeviceReset() { return cudaSuccess; }
inline cudaError_t cudaSetDevice(int) { return cudaSuccess; }
inline cudaError_t cudaProfilerStop() { return cudaSuccess; }
inline cudaError_t cudaDeviceSetLimit(cudaLimit, size_t) { return cudaSuccess; }
inline cudaError_t cudaMemGetInfo(size_t* free, size_t* total) { *free = *total = (size_t)1 << 34; return cudaSuccess; }
inline cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) { *properties = {}; return cudaSuccess; }
template<class Kernel> cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, Kernel) { *attributes = {}; return cudaSuccess; }
template<class Kernel> cudaError_t cudaOccupancyMaxPotentialBlockSize(int* blocks, int* threads, Kernel, size_t, int) { *blocks = 1; *threads = 64; return cudaSuccess; }
template<class Kernel> cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel, int, size_t) { *blocks = 1; return cudaSuccess; }

// Atomics: threads run one at a time.
template<class T> T atomicAdd(T* where, T value) { T before = *where; *where += value; return before; }
template<class T, class U, class V> T atomicCAS(T* where, U expected, V value) { T before = *where; if (before == (T)expected) *where = (T)value; return before; }
inline double __longlong_as_double(long long bits) { double value; memcpy(&value, &bits, 8); return value; }
inline long long __double_as_longlong(double value) { long long bits; memcpy(&bits, &value, 8); return bits; }
inline float __int_as_float(int bits) { float value; memcpy(&value, &bits, 4); return value; }
inline int __float_as_int(float value) { int bits; memcpy(&bits, &value, 4); return bits; }

namespace cuda_on_cpu {

// _setjmp keeps the signal mask as it is: a switch then needs no system call.
struct Fiber {
    ucontext_t start;
    jmp_buf here;
    dim3 thread;
    bool begun, done;
    std::unique_ptr<char[]> stack{new char[STACK]};
    enum { STACK = 1 << 16 };
};
inline jmp_buf scheduler;
inline Fiber* current = nullptr;
inline std::function<void()> kernel;

inline void enter()
{
    kernel();
    current->done = true;
    _longjmp(scheduler, 1);
}

inline __attribute__((noinline)) void resume(Fiber& fiber)
{
    current = &fiber;
    threadIdx = fiber.thread;
    if (_setjmp(scheduler))
        return;
    if (fiber.begun)
        _longjmp(fiber.here, 1);
    fiber.begun = true;
    setcontext(&fiber.start);
}

inline void run_block_with_barriers()
{
    static std::vector<Fiber> fibers(1024);
    const size_t count = blockDim.count();
    for (size_t k = 0; k < count; k++) {
        Fiber& fiber = fibers[k];
        getcontext(&fiber.start);
        fiber.start.uc_stack.ss_sp = fiber.stack.get();
        fiber.start.uc_stack.ss_size = Fiber::STACK;
        fiber.start.uc_link = nullptr;
        makecontext(&fiber.start, enter, 0);
        fiber.thread = blockDim.at(k);
        fiber.begun = fiber.done = false;
    }
    for (size_t running = count; running > 0;) {
        running = 0;
        for (size_t k = 0; k < count; k++)
            if (!fibers[k].done) {
                resume(fibers[k]);
                running += !fibers[k].done;
            }
    }
    current = nullptr;
}

inline void launch(bool barriers, dim3 blocks, dim3 threads, std::function<void()> body)
{
    gridDim = blocks;
    blockDim = threads;
    kernel = std::move(body);
    for (size_t b = 0; b < blocks.count(); b++) {
        blockIdx = blocks.at(b);
        if (barriers)
            run_block_with_barriers();
        else
            for (size_t k = 0; k < threads.count(); k++) {
                threadIdx = threads.at(k);
                kernel();
            }
    }
}

}  // namespace cuda_on_cpu

inline void __syncthreads()
{
    if (!cuda_on_cpu::current) {
        fprintf(stderr, "a barrier in a kernel that was launched without\n");
        abort();
    }
    if (!_setjmp(cuda_on_cpu::current->here))
        _longjmp(cuda_on_cpu::scheduler, 1);
}
