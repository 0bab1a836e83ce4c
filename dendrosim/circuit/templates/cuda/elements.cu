{# One thread for each element: the launch of a kernel, and its first lines. #}
{% macro threads(count) %}{{ (count + 255) // 256 }}, 256{% endmacro %}
{% macro element(count) %}
    const size_t k = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (k >= {{count}})
        return;
{% endmacro %}
