// `check FILE`: which kind of file it is, and what the room that reads such files says about it.
#include "store/check.hpp"
#include "config/yaml_loader.hpp"
#include "holdfastctl/commands.hpp"
#include "holdfastctl/print.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>

namespace holdfast::ctl {
namespace {

constexpr std::string_view k_sqlite_magic{"SQLite format 3\0", 16};

enum class Kind { configuration, journal, unknown };

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// First bytes before the name: a database is one under any name, also when its name is that of a
// YAML.
Kind kind_of(const std::string& path, std::string_view first) {
    if (first == k_sqlite_magic) return Kind::journal;
    if (ends_with(path, ".yaml") || ends_with(path, ".yml")) return Kind::configuration;
    // The header of a damaged database may be what is damaged.
    if (ends_with(path, ".db") || ends_with(path, ".sqlite") || ends_with(path, ".sqlite3"))
        return Kind::journal;
    return Kind::unknown;
}

std::optional<std::string> first_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, k_sqlite_magic.size()> bytes{};
    if (!file || file.peek() == std::ifstream::traits_type::eof()) {
        if (!file.eof()) return std::nullopt;  // an empty file is readable
        return std::string();
    }
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return std::string(bytes.data(), static_cast<std::size_t>(file.gcount()));
}

Checked check_configuration(const std::string& path) {
    Checked checked{path, "configuration", {}, {}, {}};
    auto environment = config::Environment::process();
    environment.credential_store = config::k_credential_store;  // root's shell has no credentials of the unit
    auto loaded = config::load_file(path, environment);
    for (auto& problem : loaded.problems) {
        checked.findings.push_back({problem.file, problem.line, problem.column,
                                    std::move(problem.key), std::move(problem.problem),
                                    std::move(problem.expected)});
    }
    checked.notes = std::move(loaded.notes);
    return checked;
}

std::string word_for(std::string_view code) {
    if (code == "in_use")
        return "a daemon holds this journal; check a copy, or stop the daemon first";
    if (code == "not_a_journal") return "a database, but not a journal of Holdfast";
    if (code == "no_such_file") return "no such file";
    return "cannot be read";
}

Checked check_journal(const std::string& path) {
    Checked checked{path, "journal", {}, {}, {}};
    const auto report = store::check_file(path);
    if (!report) {
        checked.not_checked = word_for(report.error().code);
        return checked;
    }
    for (const auto& finding : report->findings) {
        checked.findings.push_back({path, 0, 0, finding.check, finding.detail, ""});
    }
    auto about = "site " + report->site_id + ", generation " + report->generation + ", schema " +
                 std::to_string(report->schema_version) + ", created by " + report->created_by;
    if (report->created_utc_ms > 0) about += " at " + iso_time(report->created_utc_ms, Zone::utc);
    checked.notes.push_back(std::move(about));
    std::string rows;
    for (const auto& table : report->tables) {
        rows += (rows.empty() ? "" : ", ") + std::to_string(table.rows) + " " + table.table;
    }
    if (!rows.empty()) checked.notes.push_back("rows: " + rows);
    for (const auto& note : report->notes) checked.notes.push_back(note);
    return checked;
}

}  // namespace

int check_command(const Session& session) {
    const auto& path = session.options.file;
    const auto first = first_bytes(path);
    if (!first) {
        session.err << "holdfastctl: cannot read " << printable(path) << ": "
                    << std::strerror(errno) << "\n";
        return k_exit_not_good;
    }
    const auto kind = kind_of(path, *first);
    if (kind == Kind::unknown) {
        session.err << "holdfastctl: " << printable(path)
                    << " is neither a configuration (.yaml) nor a journal database\n";
        return k_exit_not_good;
    }
    const auto checked =
        kind == Kind::configuration ? check_configuration(path) : check_journal(path);
    session.out << (session.options.json ? checked_json(checked)
                                         : print_checked(checked, session.look))
                << std::flush;
    return checked.good() ? k_exit_ok : k_exit_not_good;
}

}  // namespace holdfast::ctl
