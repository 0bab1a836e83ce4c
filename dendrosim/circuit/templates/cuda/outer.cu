{# weights += rate * (mean of delta source^T over rows, decayed). See circuit/learning.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'matrix.cu' as matrix with context %}
{% import 'elements.cu' as elements with context %}
{% import 'plasticity.cu' as plasticity with context %}
{% block kernel %}
{% set real = c_data_type(arrays.weights.dtype) %}
namespace {
{{ matrix.matrix_product(real) }}
{{ plasticity.decay(real) }}
{% if "bias" in arrays %}

__global__ void _bias(const {{real}} rate, const {{real}}* delta, {{real}}* bias)
{
{{ elements.element(post) }}
    {{real}} sum = 0;
    for (size_t row = 0; row < {{rows}}; row++)
        sum += delta[row * {{post}} + k];
    bias[k] += rate * sum;
}
{% endif %}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    if ({{ plasticity.learns() }}) {
        {{ plasticity.rates() }}
        const auto* delta = {{get_array_name(arrays.above, prefix="dev")}} + {{lag * post}};
        auto* weights = {{get_array_name(arrays.weights, prefix="dev")}};
        _multiply({{post}}, {{pre}}, {{rows - lag}}, {{factor}} * rate, delta, 1, {{post}},
                  {{get_array_name(arrays.source, prefix="dev")}}, {{pre}}, 1, kept, weights, {{pre}}, weights);
        {% if "bias" in arrays %}
        _bias<<<{{elements.threads(post)}}>>>({{factor}} * rate, delta, {{get_array_name(arrays.bias, prefix="dev")}});
        CUDA_CHECK_ERROR("_bias");
        {% endif %}
    }
{% endblock %}
