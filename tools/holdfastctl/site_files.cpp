#include "holdfastctl/site_files.hpp"

#include "base/text.hpp"
#include "config/yaml_loader.hpp"
#include "net/url.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace holdfast::ctl {
namespace {

constexpr std::uint16_t k_usual_port = 443;
constexpr std::size_t k_answer_bytes_max = 1024;

// A text in double quotes is read as it is written in JSON.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

SiteAnswers good_answers() {
    SiteAnswers answers;
    answers.site_id = "site";
    answers.base_url = "https://edge.psap.example";
    answers.person = "+15550100123";
    answers.twilio_auth_token = base::Secret("x");
    return answers;
}

const char* key_of(SiteQuestion question) {
    switch (question) {
        case SiteQuestion::site_id: return "site.id";
        case SiteQuestion::base_url: return "listen.public.base_url";
        case SiteQuestion::person: return "person.number";
        case SiteQuestion::twilio_auth_token: return "twilio_auth_token";
        case SiteQuestion::openai_api_key: return "openai_api_key";
    }
    return "";
}

base::Error failed(const std::string& path) {
    return base::make_error(base::Condition::fatal, errno == EEXIST ? "exists" : "write",
                            path + ": " + (errno == EEXIST ? "it is there already; --force replaces it" : std::strerror(errno)));
}

std::string folder_of(const std::string& path) { return path.substr(0, std::max<std::size_t>(1, path.rfind('/'))); }

bool sync_folder(const std::string& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool good = ::fsync(fd) == 0;
    ::close(fd);
    return good;
}

// Each that is missing, with exactly this mode whatever the umask is.
bool make_folder(const std::string& folder, mode_t mode) {
    struct stat info {};
    if (::stat(folder.c_str(), &info) == 0) return S_ISDIR(info.st_mode);
    if (folder == "/" || !make_folder(folder_of(folder), 0755)) return false;
    if (::mkdir(folder.c_str(), mode) != 0) return errno == EEXIST;
    return ::chmod(folder.c_str(), mode) == 0 && sync_folder(folder_of(folder));
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto wrote = ::write(fd, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

bool rename_to(const std::string& from, const std::string& to, Existing existing) {
    if (existing == Existing::replaced) return ::rename(from.c_str(), to.c_str()) == 0;
    return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0;
}

}  // namespace

std::string problem_with(SiteQuestion question, const std::string& answer) {
    if (answer.size() > k_answer_bytes_max) return "too long";
    if (answer.empty() && question != SiteQuestion::openai_api_key) return "an answer is needed";
    auto answers = good_answers();
    switch (question) {
        case SiteQuestion::site_id: answers.site_id = answer; break;
        case SiteQuestion::base_url: answers.base_url = answer; break;
        case SiteQuestion::person: answers.person = answer; break;
        case SiteQuestion::twilio_auth_token: answers.twilio_auth_token = base::Secret(answer); break;
        case SiteQuestion::openai_api_key: answers.openai_api_key = base::Secret(answer); break;
    }
    config::Environment environment;
    environment.getenv = [&answers](const char* name) -> std::optional<std::string> {
        if (std::string_view(name) == "TWILIO_AUTH_TOKEN") return answers.twilio_auth_token.reveal();
        if (std::string_view(name) == "OPENAI_API_KEY") return answers.openai_api_key.reveal();
        return std::nullopt;
    };
    const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    if (!base::is_utf8(answer) || std::any_of(answer.begin(), answer.end(), is_control)) return "control characters, or not UTF-8";
    const auto loaded = config::load_text(site_yaml(answers), "answer", environment);
    for (const auto& problem : loaded.problems) {
        if (problem.key != key_of(question)) continue;
        return problem.problem + (problem.expected.empty() ? "" : " (expected " + problem.expected + ")");
    }
    return loaded.problems.empty() ? std::string() : loaded.problems.front().problem;
}

std::optional<std::uint16_t> other_port(const std::string& base_url) {
    const auto url = net::parse_url(base_url);
    if (!url || url->port == k_usual_port) return std::nullopt;
    return url->port;
}

std::string site_yaml(const SiteAnswers& answers) {
    std::string port;
    if (const auto other = other_port(answers.base_url)) port = "    port: " + std::to_string(*other) + "\n";
    return "# Written by holdfastctl init. Every other setting: man holdfast.yaml.\n"
           "site:\n  id: " + quoted(answers.site_id) + "\n"
           "listen:\n  public:\n    base_url: " + quoted(answers.base_url) + "\n" + port +
           "    certificate: " + k_site_certificate + "\n    private_key: " + k_site_private_key + "\n"
           "person:\n  number: " + quoted(answers.person) + "\n";
}

std::string socket_drop_in(std::uint16_t port) {
    return "# Written by holdfastctl init: the port of listen.public.base_url.\n"
           "[Socket]\n"
           "ListenStream=\n"
           "ListenStream=" + std::to_string(port) + "\n";
}

base::Result<void> write_whole(const std::string& path, const std::string& text, FileMode mode, mode_t folder_mode, Existing existing) {
    const auto folder = folder_of(path);
    if (!make_folder(folder, folder_mode)) return failed(folder);
    auto beside = folder + "/.holdfastctl-XXXXXX";
    const int fd = ::mkstemp(beside.data());  // mode 0600 from the start
    if (fd < 0) return failed(folder);
    bool good = write_all(fd, text);
    if (good && mode.group) good = ::fchown(fd, static_cast<uid_t>(-1), *mode.group) == 0;
    good = good && ::fchmod(fd, mode.mode) == 0 && ::fsync(fd) == 0;
    good = good && rename_to(beside, path, existing);
    const int error = errno;
    ::close(fd);
    if (!good) ::unlink(beside.c_str());
    errno = error;
    if (!good || !sync_folder(folder)) return failed(path);
    return {};
}

std::optional<gid_t> group_in(const std::string& root, const std::string& name) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen((root + "/etc/group").c_str(), "re"), &std::fclose);
    if (!file) return std::nullopt;
    while (const group* entry = ::fgetgrent(file.get())) {
        if (name == entry->gr_name) return entry->gr_gid;
    }
    return std::nullopt;
}

}  // namespace holdfast::ctl
