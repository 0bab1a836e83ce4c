// See curand.h.
#pragma once
struct curandState {};
template<class... Arguments> void curand_init(Arguments...) {}
inline double curand_uniform_double(curandState*) { return 0; }
inline float curand_uniform(curandState*) { return 0; }
inline unsigned curand_poisson(curandState*, double) { return 0; }
