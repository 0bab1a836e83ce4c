{# cells = pooled feedback, sent to the cell that was largest or spread over its window. See circuit/projection.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'elements.cu' as elements with context %}
{% block kernel %}
{% set window_height, window_width = connection.pooling.window %}
{% set channels, height, width = connection.pooling.shape %}
{% set down, across = connection.pooling.pooled_shape[1], connection.pooling.pooled_shape[2] %}
{% set cells = channels * height * width %}
{% set real = c_data_type(arrays.cells.dtype) %}
namespace {
__global__ void _unpool(const {{real}}* pooled, {{real}}* layer{% if "chosen" in arrays %}, const int32_t* chosen{% endif %})
{
{{ elements.element(rows * cells) }}
    const int channel = k / {{height * width}} % {{channels}}, y = k / {{width}} % {{height}}, x = k % {{width}};
    const size_t window = ((k / {{cells}} * {{channels}} + channel) * {{down}} + y / {{window_height}}) * {{across}} + x / {{window_width}};
    const bool beyond = y >= {{down * window_height}} || x >= {{across * window_width}};  // the last whole window
    {% if connection.pooling.kind == "max-pool" %}
    layer[k] {{ "+=" if accumulate else "=" }} beyond || chosen[window] != k % {{cells}} ? {{real}}(0) : pooled[window];
    {% else %}
    layer[k] {{ "+=" if accumulate else "=" }} beyond ? {{real}}(0) : pooled[window] / {{window_height * window_width}};
    {% endif %}
}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    _unpool<<<{{elements.threads(arrays.cells.size)}}>>>(
        {{get_array_name(arrays.pooled, prefix="dev")}}, {{get_array_name(arrays.cells, prefix="dev")}}
        {%- if "chosen" in arrays %}, {{get_array_name(arrays.chosen, prefix="dev")}}{% endif %});
    CUDA_CHECK_ERROR("_unpool");
{% endblock %}
