{# pooled = the largest or the mean of each window of cells. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'elements.cu' as elements with context %}
{% block kernel %}
{% set window_height, window_width = connection.pooling.window %}
{% set channels, height, width = connection.pooling.shape %}
{% set down, across = connection.pooling.pooled_shape[1], connection.pooling.pooled_shape[2] %}
{% set real = c_data_type(arrays.cells.dtype) %}
namespace {
__global__ void _pool(const {{real}}* layer, {{real}}* pooled{% if "chosen" in arrays %}, int32_t* chosen{% endif %})
{
{{ elements.element(rows * pre) }}
    const {{real}}* cells = layer + k / {{pre}} * {{channels * height * width}};
    const int channel = k / {{down * across}} % {{channels}}, y = k / {{across}} % {{down}}, x = k % {{across}};
    const int first = (channel * {{height}} + y * {{window_height}}) * {{width}} + x * {{window_width}};
    {% if connection.pooling.kind == "max-pool" %}
    int largest = first;
    for (int i = 0; i < {{window_height}}; i++)
        for (int j = 0; j < {{window_width}}; j++)
            if (cells[first + i * {{width}} + j] > cells[largest])
                largest = first + i * {{width}} + j;
    chosen[k] = largest;
    pooled[k] = cells[largest];
    {% else %}
    {{real}} sum = 0;
    for (int i = 0; i < {{window_height}}; i++)
        for (int j = 0; j < {{window_width}}; j++)
            sum += cells[first + i * {{width}} + j];
    pooled[k] = sum / {{window_height * window_width}};
    {% endif %}
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    _pool<<<{{elements.threads(arrays.pooled.size)}}>>>(
        {{get_array_name(arrays.cells, prefix="dev")}}, {{get_array_name(arrays.pooled, prefix="dev")}}
        {%- if "chosen" in arrays %}, {{get_array_name(arrays.chosen, prefix="dev")}}{% endif %});
    CUDA_CHECK_ERROR("_pool");
{% endblock %}
