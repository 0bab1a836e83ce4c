{# fluctuation = a standard normal number for each cell, from the seed of its row, the step and its place. See circuit/noise.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'elements.cu' as elements with context %}
{% block kernel %}
{% set real = c_data_type(arrays.fluctuation.dtype) %}
namespace {
{{ splitmix.replace("QUALIFIERS", "__device__ inline") }}
__global__ void _noise(const unsigned long long first, const int64_t* seeds, {{real}}* fluctuation)
{
{{ elements.element(rows * cells) }}
    fluctuation[k] = _normal(seeds[k / {{cells}}], first + k % {{cells}});
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    _noise<<<{{elements.threads(rows * cells)}}>>>(
        (unsigned long long){{get_array_name(arrays.step, access_data=False)}}[0] * {{cells}},
        {{get_array_name(arrays.seeds, prefix="dev")}}, {{get_array_name(arrays.fluctuation, prefix="dev")}});
    CUDA_CHECK_ERROR("_noise");
{% endblock %}
