{# Each stream holds the stimulus and the target of its present slot. See circuit/presenter.py #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% import 'elements.cu' as elements with context %}
{% block extra_headers %}
#include "network.h"
{% endblock %}
{% block kernel %}
{% set real = c_data_type(arrays.stimuli.dtype) %}
namespace {
__host__ __device__ int _slot_at(const double elapsed, const double held)
{
    return floor(elapsed / held + 1e-9);
}
{% for given, cells in (("stimulus", stimulus), ("answer", answer)) %}

__global__ void _show_{{given}}(const {{real}}* samples, const int32_t* order,
                        {% if continuous %}const double now, const double* offset, const double* held{% else %}const int slot{% endif %}, {{real}}* shown)
{
{{ elements.element(presentations * steps * cells) }}
    const size_t row = k / {{cells}}, stream = row % {{presentations}}, step = row / {{presentations}};
    {% if continuous %}
    const int slot = _slot_at(now + offset[stream], held[0]);
    {% endif %}
    const size_t sample = order[(slot < {{slots}} ? slot : {{slots}}) * {{presentations}} + stream];
    shown[k] = samples[(sample * {{steps}} + step) * {{cells}} + k % {{cells}}];
}
{% endfor %}
}
{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    // The host keeps count too, because it must end the run.
    {% if continuous %}
    const double now = {{get_array_name(arrays.now, access_data=False)}}[0];
    bool done = true;
    for (int stream = 0; stream < {{presentations}}; stream++)
        done = done && _slot_at(now + {{get_array_name(arrays.offset, access_data=False)}}[stream],
                                {{get_array_name(arrays.held, access_data=False)}}[0]) >= {{slots}};
    {% else %}
    auto* slot = {{get_array_name(arrays.slot, access_data=False)}};
    slot[0] += {{get_array_name(arrays.converged, access_data=False)}}[0];
    CUDA_SAFE_CALL(cudaMemcpy({{get_array_name(arrays.slot, prefix="dev")}}, slot, sizeof(*slot), cudaMemcpyHostToDevice));
    const bool done = slot[0] >= {{slots}};
    {% endif %}
    {% for given, cells, samples, shown in (("stimulus", stimulus, arrays.stimuli, arrays.input), ("answer", answer, arrays.targets, arrays.target)) %}
    _show_{{given}}<<<{{elements.threads(presentations * steps * cells)}}>>>(
        {{get_array_name(samples, prefix="dev")}}, {{get_array_name(arrays.order, prefix="dev")}},
        {% if continuous %}
        now, {{get_array_name(arrays.offset, prefix="dev")}}, {{get_array_name(arrays.held, prefix="dev")}},
        {% else %}
        slot[0],
        {% endif %}
        {{get_array_name(shown, prefix="dev")}});
    CUDA_CHECK_ERROR("_show_{{given}}");
    {% endfor %}
    if (done) {
        auto* active = {{get_array_name(arrays.active, access_data=False)}};
        active[0] = 0;
        CUDA_SAFE_CALL(cudaMemcpy({{get_array_name(arrays.active, prefix="dev")}}, active, sizeof(*active), cudaMemcpyHostToDevice));
        Network::_globally_stopped = true;
    }
{% endblock %}
