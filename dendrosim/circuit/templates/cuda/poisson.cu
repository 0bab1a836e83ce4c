{# count = a Poisson number with the expected mean for each cell, from the seed of its row, the step and its place. See circuit/spiking.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'elements.cu' as elements with context %}
{% block kernel %}
{% set real = c_data_type(drawn[0][1][0][0].dtype) %}
namespace {
{{ splitmix.replace("QUALIFIERS", "__device__ inline") }}
__global__ void _spikes(const int cells, const int words, const int number, const unsigned long long step, const int64_t* seeds, const {{real}}* expected, {{real}}* count)
{
    const size_t k = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (k >= (size_t){{rows}} * cells)
        return;
    const unsigned long long word = _word(seeds[k / cells], step * cells + k % cells, words, number / 2);
    _poisson<1>(&word, number % 2, expected + k, count + k, 1);
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    const unsigned long long _step = {{get_array_name(arrays.step, access_data=False)}}[0];
    {% for cells, kinds in drawn %}
    {% set layer = loop.index0 %}
    {% for count, expected in kinds %}
    _spikes<<<{{elements.threads(rows * cells)}}>>>(
        {{cells}}, {{(kinds | length + 1) // 2}}, {{loop.index0}}, _step, {{get_array_name(arrays.seeds, prefix="dev")}} + {{layer * rows}},
        {{get_array_name(expected, prefix="dev")}}, {{get_array_name(count, prefix="dev")}});
    CUDA_CHECK_ERROR("_spikes");
    {% endfor %}
    {% endfor %}
{% endblock %}
