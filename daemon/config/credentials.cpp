#include "config/credentials.hpp"

#include "config/files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace holdfast::config {
namespace {

constexpr char k_one_line[] = "one line of printable characters without spaces";

bool is_secret_character(char c) {
    return c > 0x20 && c < 0x7f;
}

// One trailing line end is an editor's habit; any other white space is a mistake in pasting.
void strip_line_end(std::string& text) {
    if (text.empty() || text.back() != '\n') return;
    text.pop_back();
    if (!text.empty() && text.back() == '\r') text.pop_back();
}

base::Secret accept(std::string text, const Problem& where, std::vector<Problem>& problems) {
    strip_line_end(text);
    Problem problem = where;
    problem.expected = k_one_line;
    if (text.empty()) {
        problem.problem = "the secret is empty";
    } else if (!std::all_of(text.begin(), text.end(), is_secret_character)) {
        problem.problem = "the secret contains white space or other characters that no secret has";
    } else {
        return base::Secret(std::move(text));
    }
    problems.push_back(std::move(problem));
    return {};
}

// `private_to_us`: the mode must keep everybody else out. systemd answers for its own folder.
base::Secret read(const std::string& path, bool private_to_us, Problem where,
                  std::vector<Problem>& problems) {
    const FileContent content = read_file(path, k_credential_bytes_max);
    if (!content.problem.empty()) {
        where.problem = content.problem;
        where.expected = "a readable file with the secret";
    } else if (private_to_us && (content.mode & 077) != 0) {
        where.problem = "the file is open to others";
        where.expected = "mode 0600 or 0400";
    } else if (private_to_us && content.owner != ::geteuid() && content.owner != 0) {
        where.problem = "the file belongs to another user";
        where.expected = "root or the user that runs holdfastd as owner";
    } else {
        return accept(content.text, where, problems);
    }
    problems.push_back(std::move(where));
    return {};
}

}  // namespace

Environment Environment::process() {
    Environment environment;
    environment.getenv = [](const char* name) {
        const char* value = std::getenv(name);
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    environment.credentials_directory = environment.getenv("CREDENTIALS_DIRECTORY").value_or("");
    return environment;
}

base::Secret find_credential(const CredentialSource& source, const Environment& environment,
                             std::vector<Problem>& problems) {
    if (!environment.credentials_directory.empty()) {
        const std::string path = environment.credentials_directory + "/" + source.name;
        if (::access(path.c_str(), F_OK) == 0 || errno != ENOENT) {
            return read(path, false, {path, 0, 0, source.name, {}, {}}, problems);
        }
    } else if (!environment.credential_store.empty()) {
        const std::string path = environment.credential_store + "/holdfast." + source.name;
        if (::access(path.c_str(), F_OK) == 0 || errno != ENOENT) {
            return read(path, true, {path, 0, 0, source.name, {}, {}}, problems);
        }
    }
    if (!source.file.empty()) {
        return read(source.file, true, {source.file, 0, 0, source.file_key, {}, {}}, problems);
    }
    const auto variable = environment.getenv(source.variable);
    if (!variable || variable->empty()) return {};
    return accept(*variable, {std::string("$") + source.variable, 0, 0, source.name, {}, {}},
                  problems);
}

}  // namespace holdfast::config
