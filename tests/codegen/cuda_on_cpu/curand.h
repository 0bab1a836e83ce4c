// cuRAND for code that includes it and never draws from it. A stub that is called draws nothing and says success.
#pragma once
#define CURAND_H_
typedef void* curandGenerator_t;
enum curandRngType_t { CURAND_RNG_PSEUDO_DEFAULT };
enum curandStatus_t {
    CURAND_STATUS_SUCCESS, CURAND_STATUS_VERSION_MISMATCH, CURAND_STATUS_NOT_INITIALIZED, CURAND_STATUS_ALLOCATION_FAILED,
    CURAND_STATUS_TYPE_ERROR, CURAND_STATUS_OUT_OF_RANGE, CURAND_STATUS_LENGTH_NOT_MULTIPLE,
    CURAND_STATUS_DOUBLE_PRECISION_REQUIRED, CURAND_STATUS_LAUNCH_FAILURE, CURAND_STATUS_PREEXISTING_FAILURE,
    CURAND_STATUS_INITIALIZATION_FAILED, CURAND_STATUS_ARCH_MISMATCH, CURAND_STATUS_INTERNAL_ERROR
};
#define STUB(name) template<class... Arguments> curandStatus_t name(Arguments...) { return CURAND_STATUS_SUCCESS; }
STUB(curandCreateGenerator) STUB(curandDestroyGenerator) STUB(curandSetPseudoRandomGeneratorSeed)
STUB(curandSetGeneratorOffset) STUB(curandGenerateUniform) STUB(curandGenerateUniformDouble)
STUB(curandGenerateNormal) STUB(curandGenerateNormalDouble) STUB(curandGeneratePoisson)
#undef STUB
