#include "holdfastctl/streets.hpp"

#include "streets/file.hpp"
#include "streets/import.hpp"

#include <chrono>
#include <filesystem>
#include <ostream>

namespace holdfast::ctl {
namespace {

int complain(const Session& session, const base::Error& why) {
    session.err << "holdfastctl: " << (why.detail.empty() ? std::string(why.code) : why.detail) << "\n";
    return k_exit_not_good;
}

std::string kind_of(const std::string& place) { return place.find(" & ") == std::string::npos ? "address" : "crossing"; }

}  // namespace

int streets_import_command(const Session& session, const Streets& wanted) {
    const auto imported = streets::import_file(wanted.from);
    if (!imported) return complain(session, imported.error());
    for (const auto& problem : imported->problems) session.err << wanted.from << ": " << problem << "\n";
    if (imported->passed_over > static_cast<std::int64_t>(imported->problems.size())) {
        session.err << wanted.from << ": and more, " << imported->passed_over << " rows passed over in all\n";
    }
    streets::About about;
    about.source = std::filesystem::path(wanted.from).filename();
    about.imported_utc_ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const auto written = streets::write_list(wanted.to, imported->segments, about);
    if (!written) return complain(session, written.error());
    session.out << wanted.to << ": " << imported->segments.size() << " segments of " << imported->rows << " rows, " << imported->passed_over
                << " passed over; `systemctl reload holdfast` reads it\n";
    return imported->passed_over == 0 ? k_exit_ok : k_exit_not_good;
}

int streets_check_command(const Session& session, const Streets& wanted) {
    const auto list = streets::read_list(wanted.to);
    if (!list) return complain(session, list.error());
    const auto answer = (*list)->check(kind_of(wanted.place), wanted.place);
    session.out << to_string(answer.kind) << (*answer.why != '\0' ? std::string(" (") + answer.why + ")" : "") << "\n";
    for (const auto& candidate : answer.candidates) session.out << "  " << candidate << "\n";
    return answer.kind == streets::Answer::Kind::valid ? k_exit_ok : k_exit_not_good;
}

}  // namespace holdfast::ctl
