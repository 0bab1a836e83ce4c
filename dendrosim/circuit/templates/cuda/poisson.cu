{# count = a Poisson number with the expected mean for each cell, from the seed of its row, the step and its place. See circuit/spiking.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'elements.cu' as elements with context %}
{% block kernel %}
{% set real = c_data_type(kinds[0][0].dtype) %}
namespace {
{{ splitmix.replace("QUALIFIERS", "__device__ inline") }}
__global__ void _spikes(const unsigned long long first, const int number, const int64_t* seeds, const {{real}}* expected, {{real}}* count)
{
{{ elements.element(rows * cells) }}
    count[k] = _poisson(seeds[k / {{cells}}], (first + k % {{cells}}) * {{kinds | length}} + number, expected[k]);
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    {% for count, expected in kinds %}
    _spikes<<<{{elements.threads(rows * cells)}}>>>(
        (unsigned long long){{get_array_name(arrays.step, access_data=False)}}[0] * {{cells}}, {{loop.index0}},
        {{get_array_name(arrays.seeds, prefix="dev")}}, {{get_array_name(expected, prefix="dev")}},
        {{get_array_name(count, prefix="dev")}});
    CUDA_CHECK_ERROR("_spikes");
    {% endfor %}
{% endblock %}
