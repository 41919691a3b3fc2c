// What Prometheus expects of every process (process_*), read from /proc when the page is asked for,
// and holdfast_build_info. The admin thread calls it; a value that cannot be read is left out.
#pragma once

#include <string>

namespace holdfast::metrics {

void append_process_metrics(std::string& out);

}  // namespace holdfast::metrics
