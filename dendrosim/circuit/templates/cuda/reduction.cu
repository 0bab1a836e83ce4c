{# One number out of one block of threads: every thread gives its own and gets the result of all back. #}
{% macro reduction(real) %}
enum { _THREADS = 256 };

template<class Combine>
__device__ {{real}} _reduce({{real}} value, Combine combine)
{
    __shared__ {{real}} values[_THREADS];
    values[threadIdx.x] = value;
    __syncthreads();
    for (int half = _THREADS / 2; half > 0; half /= 2) {
        if (threadIdx.x < half)
            values[threadIdx.x] = combine(values[threadIdx.x], values[threadIdx.x + half]);
        __syncthreads();
    }
    const {{real}} result = values[0];
    __syncthreads();  // nobody starts the next reduction before all have read this one
    return result;
}

struct _Sum { __device__ {{real}} operator()({{real}} a, {{real}} b) const { return a + b; } };
struct _Largest { __device__ {{real}} operator()({{real}} a, {{real}} b) const { return b > a ? b : a; } };
{% endmacro %}
