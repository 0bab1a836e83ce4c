{# pooled = the error where the weights see it: of the chosen cell, or the sum of a window. See circuit/learning.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'elements.cu' as elements with context %}
{% block kernel %}
{% set window_height, window_width = connection.pooling.window %}
{% set channels, height, width = connection.pooling.shape %}
{% set down, across = connection.pooling.pooled_shape[1], connection.pooling.pooled_shape[2] %}
{% set real = c_data_type(arrays.cells.dtype) %}
namespace {
__global__ void _gather(const {{real}}* layer, {{real}}* pooled{% if "chosen" in arrays %}, const int32_t* chosen{% endif %})
{
{{ elements.element(rows * pre) }}
    const {{real}}* cells = layer + k / {{pre}} * {{channels * height * width}};
    {% if connection.pooling.kind == "max-pool" %}
    pooled[k] = cells[chosen[k]];
    {% else %}
    const int channel = k / {{down * across}} % {{channels}}, y = k / {{across}} % {{down}}, x = k % {{across}};
    {{real}} sum = 0;
    for (int i = 0; i < {{window_height}}; i++)
        for (int j = 0; j < {{window_width}}; j++)
            sum += cells[(channel * {{height}} + y * {{window_height}} + i) * {{width}} + x * {{window_width}} + j];
    pooled[k] = sum;
    {% endif %}
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    _gather<<<{{elements.threads(arrays.pooled.size)}}>>>(
        {{get_array_name(arrays.cells, prefix="dev")}}, {{get_array_name(arrays.pooled, prefix="dev")}}
        {%- if "chosen" in arrays %}, {{get_array_name(arrays.chosen, prefix="dev")}}{% endif %});
    CUDA_CHECK_ERROR("_gather");
{% endblock %}
