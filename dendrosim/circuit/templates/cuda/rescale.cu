{# weights scaled back to a norm, after they have changed. See model/local_update.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'reduction.cu' as reduction with context %}
{% import 'plasticity.cu' as plasticity with context %}
{% block kernel %}
{% set real = c_data_type(arrays.weights.dtype) %}
namespace {
{{ reduction.reduction(real) }}
// One block of threads for all weights.
__global__ void _rescale({{real}}* weights)
{
    {{real}} squares = 0;
    for (size_t k = threadIdx.x; k < {{arrays.weights.size}}; k += _THREADS)
        squares += weights[k] * weights[k];
    const {{real}} factor = {{norm}} / sqrt(_reduce(squares, _Sum()));
    for (size_t k = threadIdx.x; k < {{arrays.weights.size}}; k += _THREADS)
        weights[k] *= factor;
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    if ({{ plasticity.learns() }}) {
        _rescale<<<1, _THREADS>>>({{get_array_name(arrays.weights, prefix="dev")}});
        CUDA_CHECK_ERROR("_rescale");
    }
{% endblock %}
