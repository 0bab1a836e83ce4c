{# weights += rate * (mean of delta source^T over rows, summed over positions, decayed). See circuit/learning.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'reduction.cu' as reduction with context %}
{% import 'plasticity.cu' as plasticity with context %}
{% block kernel %}
{% set channels, height, width = connection.source_shape %}
{% set above, down, across = connection.above_shape %}
{% set kernel_height, kernel_width = connection.shape[2:] %}
{% set padding = connection.padding %}
{% set real = c_data_type(arrays.weights.dtype) %}
namespace {
{{ reduction.reduction(real) }}
{{ plasticity.decay(real) }}
// One block of threads for each weight.
__global__ void _convolution_outer(const {{real}} rate, const {{real}} kept,
                                   const {{real}}* delta, const {{real}}* source, {{real}}* weights)
{
    const int weight = blockIdx.x, j = weight % {{kernel_width}}, i = weight / {{kernel_width}} % {{kernel_height}};
    const int channel = weight / {{kernel_height * kernel_width}} % {{channels}};
    const int above = weight / {{kernel_height * kernel_width * channels}};
    {{real}} sum = 0;
    for (size_t k = threadIdx.x; k < {{rows * down * across}}; k += _THREADS) {
        const size_t presented = k / {{down * across}}, position = k % {{down * across}};
        const int row = position / {{across}} + i - {{padding}}, column = position % {{across}} + j - {{padding}};
        if (row >= 0 && row < {{height}} && column >= 0 && column < {{width}})
            sum += delta[(presented * {{above}} + above) * {{down * across}} + position]
                 * source[((presented * {{channels}} + channel) * {{height}} + row) * {{width}} + column];
    }
    sum = _reduce(sum, _Sum());
    if (threadIdx.x == 0)
        weights[weight] = kept * weights[weight] + rate * sum;
}
{% if "bias" in arrays %}

// One block of threads for each channel.
__global__ void _convolution_bias(const {{real}} rate, const {{real}}* delta, {{real}}* bias)
{
    {{real}} sum = 0;
    for (size_t k = threadIdx.x; k < {{rows * down * across}}; k += _THREADS)
        sum += delta[(k / {{down * across}} * {{above}} + blockIdx.x) * {{down * across}} + k % {{down * across}}];
    sum = _reduce(sum, _Sum());
    if (threadIdx.x == 0)
        bias[blockIdx.x] += rate * sum;
}
{% endif %}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    if ({{ plasticity.learns() }}) {
        {{ plasticity.rates() }}
        const auto* delta = {{get_array_name(arrays.above, prefix="dev")}};
        _convolution_outer<<<{{arrays.weights.size}}, _THREADS>>>(
            {{factor}} * rate, kept, delta, {{get_array_name(arrays.source, prefix="dev")}}, {{get_array_name(arrays.weights, prefix="dev")}});
        CUDA_CHECK_ERROR("_convolution_outer");
        {% if "bias" in arrays %}
        _convolution_bias<<<{{arrays.bias.size}}, _THREADS>>>({{factor}} * rate, delta, {{get_array_name(arrays.bias, prefix="dev")}});
        CUDA_CHECK_ERROR("_convolution_bias");
        {% endif %}
    }
{% endblock %}
