#include "metrics/process.hpp"

#include "metrics/exposition_text.hpp"

#include "base/text.hpp"
#include "base/version.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace holdfast::metrics {
namespace {

void append(std::string& out, const char* name, const char* help, const char* type, double value) {
    append_header(out, name, help, type);
    append_sample(out, name, value);
}

// Fields of /proc/self/stat from the third on: the second, the program's name, may contain spaces.
std::vector<std::string> stat_fields() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    std::vector<std::string> fields;
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return fields;
    std::istringstream rest(line.substr(name_end + 1));
    for (std::string field; rest >> field;) fields.push_back(field);
    return fields;
}

// `number` counts from 1 as in proc(5).
std::optional<double> stat_number(const std::vector<std::string>& fields, std::size_t number) {
    const std::size_t index = number - 3;
    if (index >= fields.size()) return std::nullopt;
    const auto value = base::parse_decimal(fields[index]);
    return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
}

std::optional<double> boot_time() {
    std::ifstream file("/proc/stat");
    for (std::string word; file >> word;) {
        double seconds = 0;
        if (word == "btime" && file >> seconds) return seconds;
    }
    return std::nullopt;
}

std::optional<double> open_descriptors() {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), &::closedir);
    if (!folder) return std::nullopt;
    double count = -1;  // the folder's own
    while (const dirent* entry = ::readdir(folder.get())) count += entry->d_name[0] == '.' ? 0 : 1;
    return count;
}

}  // namespace

void append_process_metrics(std::string& out) {
    const auto fields = stat_fields();
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto user = stat_number(fields, 14);
    const auto system = stat_number(fields, 15);
    if (user && system) {
        append(out, "process_cpu_seconds_total", "User and system CPU time.", "counter",
               (*user + *system) / ticks);
    }
    if (const auto open = open_descriptors()) {
        append(out, "process_open_fds", "Open file descriptors.", "gauge", *open);
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        append(out, "process_max_fds", "Most file descriptors that may be open.", "gauge",
               static_cast<double>(limit.rlim_cur));
    }
    if (const auto bytes = stat_number(fields, 23)) {
        append(out, "process_virtual_memory_bytes", "Virtual memory.", "gauge", *bytes);
    }
    if (const auto pages = stat_number(fields, 24)) {
        append(out, "process_resident_memory_bytes", "Resident memory.", "gauge",
               *pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    }
    const auto started = stat_number(fields, 22);
    const auto booted = boot_time();
    if (started && booted) {
        append(out, "process_start_time_seconds", "Start of the process, unix time.", "gauge",
               *booted + *started / ticks);
    }
    append_header(out, "holdfast_build_info", "1, labelled with the version that runs.", "gauge");
    append_sample(out, "holdfast_build_info{version=\"" + std::string(base::version()) + "\"}", std::uint64_t{1});
}

}  // namespace holdfast::metrics
