{# Records as long as the run lasts. Brian2CUDA's own monitor reserves memory up to the end of the longest possible run;
   ours ends when the network has converged, so the memory doubles whenever it is full. The unused rest is left out on
   reading: there are as many samples as times. #}
{# USES_VARIABLES { t, _indices, N } #}
{# WRITES_TO_READ_ONLY_VARIABLES { t, N } #}
{% extends 'common_group.cu' %}

{% block define_N %}
{% endblock %}

{% block host_maincode %}
    const int _N = _num_indices;  // recorded cells
    const size_t sample = _dynamic_array_{{owner.name}}_t.size();
    _dynamic_array_{{owner.name}}_t.push_back({{owner.clock.name}}.t[0]);
    _array_{{owner.name}}_N[0] += 1;
    {% for name, variable in _recorded_variables | dictsort %}
    {% set recorded = get_array_name(variable, access_data=False) %}
    if (sample >= {{recorded}}[0].size()) {
        thrust::host_vector<{{c_data_type(variable.dtype)}}*> addresses(_N);
        for (int i = 0; i < _N; i++) {
            {{recorded}}[i].resize(sample < 64 ? 64 : 2 * sample);
            addresses[i] = thrust::raw_pointer_cast({{recorded}}[i].data());
        }
        addresses_monitor_{{recorded}} = addresses;
    }
    {% endfor %}
{% endblock %}

{% block after_return_N %}
    _idx = {{_indices}}[_vectorisation_idx];
{% endblock %}

{% block extra_vector_code %}
    {% for name, variable in _recorded_variables | dictsort %}
    monitor_{{name}}[_vectorisation_idx][sample] = _to_record_{{name}};
    {% endfor %}
{% endblock %}

{% block extra_kernel_parameters %}
    const size_t sample,
    {% for name, variable in _recorded_variables | dictsort %}
    {{c_data_type(variable.dtype)}}** monitor_{{name}},
    {% endfor %}
{% endblock %}

{% block extra_host_parameters %}
    sample,
    {% for name, variable in _recorded_variables | dictsort %}
    thrust::raw_pointer_cast(addresses_monitor_{{get_array_name(variable, access_data=False)}}.data()),
    {% endfor %}
{% endblock %}
