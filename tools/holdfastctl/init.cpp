#include "holdfastctl/init.hpp"

#include "config/files.hpp"
#include "config/yaml_loader.hpp"
#include "holdfastctl/ask.hpp"
#include "holdfastctl/credentials_folder.hpp"
#include "holdfastctl/json.hpp"
#include "holdfastctl/site_files.hpp"
#include "holdfastctl/twiml_fallback.hpp"
#include "net/tls.hpp"

#include <CLI/CLI.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

namespace holdfast::ctl {
namespace {

constexpr char k_site_file[] = "/etc/holdfast/conf.d/10-site.yaml";
constexpr char k_main_file[] = "/etc/holdfast/holdfast.yaml";
constexpr char k_token_file[] = "/etc/credstore/holdfast.twilio_auth_token";
constexpr char k_key_file[] = "/etc/credstore/holdfast.openai_api_key";
constexpr char k_drop_in[] = "/etc/systemd/system/holdfast.socket.d/10-site.conf";
constexpr char k_group[] = "holdfast";

bool is_there(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 || errno != ENOENT;
}

class Initialising {
  public:
    Initialising(const Session& session, const Init& options) : session_(session), options_(options), ask_(session.err) {}

    int run() {
        if (const int code = look_around()) return code;
        if (const int code = read_certificate()) return code;
        if (const int code = ask_all()) return code;
        if (const int code = write_all()) return code;
        return check_and_tell();
    }

  private:
    int no(const std::string& why) { return complain(session_, k_exit_not_good, why); }
    std::string at(const char* path) const { return options_.root + path; }
    Existing existing() const { return options_.force ? Existing::replaced : Existing::kept; }

    // Before anybody types a secret in vain.
    int look_around() {
        if (options_.force) return 0;
        std::vector<const char*> ours = {k_site_file, k_token_file, k_key_file};
        if (!options_.certificate.empty()) ours.insert(ours.end(), {k_site_certificate, k_site_private_key});
        for (const char* each : ours) {
            if (is_there(at(each))) return no(at(each) + ": it is there already; --force replaces it. Nothing was changed");
        }
        return 0;
    }

    int read_certificate() {
        if (options_.certificate.empty()) return 0;
        const auto pair = net::TlsServer::load(options_.certificate, options_.private_key);
        if (!pair) return no("the certificate is refused: " + pair.error().detail);
        if (!(*pair)->out_of_date().empty()) notes_.emplace_back("the certificate is out of date: Twilio will refuse it");
        for (auto [from, to] : {std::pair{&options_.certificate, &certificate_}, {&options_.private_key, &private_key_}}) {
            auto content = config::read_file(*from, config::k_file_bytes_max);
            if (!content.problem.empty()) return no(printable(*from) + ": " + content.problem);
            *to = std::move(content.text);
        }
        return 0;
    }

    // An answer from the command line, or from who sits there.
    int answer(SiteQuestion what, const char* name, const std::string& question, const std::string& option, std::string& value) {
        const auto problem = [what](const std::string& text) { return problem_with(what, text); };
        if (!option.empty()) {
            const auto why = problem(option);
            if (!why.empty()) return no(std::string(name) + ": " + why);
            value = option;
            return 0;
        }
        std::string why;
        auto said = ask_.ask(question, Asker::Echo::on, problem, why);
        if (!said) return no(std::string(name) + ": " + why);
        value = std::move(*said);
        return 0;
    }

    int secret(SiteQuestion what, const char* name, const std::string& question, const std::string& file, base::Secret& value) {
        const auto problem = [what](const std::string& text) { return problem_with(what, text); };
        if (!file.empty()) {
            auto content = config::read_file(file, config::k_credential_bytes_max);
            if (!content.problem.empty()) return no(printable(file) + ": " + content.problem);
            auto& text = content.text;
            if (!text.empty() && text.back() == '\n') text.pop_back();
            const auto why = problem(text);
            if (!why.empty()) return no(printable(file) + ": " + why);
            value = base::Secret(std::move(text));
            return 0;
        }
        std::string why;
        auto said = ask_.ask(question, Asker::Echo::off, problem, why);
        if (!said) return no(std::string(name) + ": " + why);
        value = base::Secret(std::move(*said));
        return 0;
    }

    int ask_all() {
        auto& a = answers_;
        if (const int code = answer(SiteQuestion::site_id, "site", "Name of this box, which never changes (such as psap-north-1)",
                                    options_.site, a.site_id)) {
            return code;
        }
        if (const int code = answer(SiteQuestion::base_url, "url", "How Twilio reaches it (such as https://edge.psap.example)",
                                    options_.url, a.base_url)) {
            return code;
        }
        if (const int code = answer(SiteQuestion::person, "person", "Number or SIP address of the people to dial (such as +15550100123)",
                                    options_.person, a.person)) {
            return code;
        }
        if (const int code = secret(SiteQuestion::twilio_auth_token, "Twilio's auth token", "Twilio's auth token (it is not shown)",
                                    options_.twilio_token_file, a.twilio_auth_token)) {
            return code;
        }
        return secret(SiteQuestion::openai_api_key, "OpenAI's API key", "OpenAI's API key (it is not shown; may be left empty)",
                      options_.openai_key_file, a.openai_api_key);
    }

    // The site's file comes last: with it the box counts as set up, and the units start.
    int write_all() {
        // Only root can give a file to another group.
        const auto group = ::geteuid() == 0 ? group_in(options_.root, k_group) : std::optional<gid_t>();
        if (!write(k_token_file, answers_.twilio_auth_token.reveal() + "\n", {0600, {}}, 0700)) return k_exit_not_good;
        const auto& key = answers_.openai_api_key.reveal();
        if (!key.empty() && !write(k_key_file, key + "\n", {0600, {}}, 0700)) return k_exit_not_good;
        if (key.empty() && is_there(at(k_key_file))) notes_.emplace_back("the OpenAI key that was there stays");
        if (!certificate_.empty()) {
            if (!write(k_site_private_key, private_key_, {0640, group}, 0755)) return k_exit_not_good;
            if (!write(k_site_certificate, certificate_, {0640, group}, 0755)) return k_exit_not_good;
            if (!group) notes_.emplace_back("there is no group holdfast yet: chgrp holdfast both files in /etc/holdfast/tls later");
        }
        if (const auto port = other_port(answers_.base_url)) {
            other_port_ = true;
            if (!write(k_drop_in, socket_drop_in(*port), {0644, {}}, 0755, Existing::replaced)) return k_exit_not_good;
        } else if (is_there(at(k_drop_in)) && ::unlink(at(k_drop_in).c_str()) == 0) {
            other_port_ = true;
        }
        return write(k_site_file, site_yaml(answers_), {0644, {}}, 0755) ? 0 : k_exit_not_good;
    }

    bool write(const char* path, const std::string& text, FileMode mode, mode_t folder_mode) {
        return write(path, text, mode, folder_mode, existing());
    }
    bool write(const char* path, const std::string& text, FileMode mode, mode_t folder_mode, Existing what) {
        const auto done = write_whole(at(path), text, mode, folder_mode, what);
        if (!done) {
            no(done.error().detail);
            return false;
        }
        written_.push_back(at(path));
        return true;
    }

    // As the daemon would judge it. Under another root paths lead elsewhere, so only the text is judged there.
    config::LoadResult load(const CredentialsFolder& folder) const {
        const auto environment = environment_with(folder);
        if (!options_.root.empty()) return config::load_text(site_yaml(answers_), at(k_site_file), environment);
        return config::load_file(is_there(k_main_file) ? k_main_file : k_site_file, environment);
    }

    int check_and_tell() {
        const auto folder = CredentialsFolder::make(at("/etc"));
        if (!folder) return no(folder.error().detail);
        std::vector<std::string> problems;
        const bool no_certificate = certificate_.empty() && !is_there(at(k_site_certificate));
        for (const auto& problem : load(*folder).problems) {
            const bool of_certificate = problem.key == "listen.public.certificate" || problem.key == "listen.public.private_key";
            if (!no_certificate || !of_certificate) problems.push_back(to_string(problem));
        }
        if (no_certificate) {
            notes_.emplace_back("there is no certificate yet: put the chain into " + std::string(k_site_certificate) +
                                " and its key into " + k_site_private_key +
                                " (root:holdfast, mode 0640), or run init with --certificate, --private-key, --force");
        }
        tell(problems);
        return problems.empty() ? k_exit_ok : k_exit_not_good;
    }

    void tell(const std::vector<std::string>& problems) {
        std::vector<std::string> next;
        if (other_port_) next.emplace_back("systemctl daemon-reload");
        next.insert(next.end(), {"systemctl start holdfast.socket holdfast", "holdfastctl doctor", "holdfastctl twiml fallback"});
        const auto voice_url = twilio_voice_url(answers_.base_url);
        if (session_.options.json) {
            const Json document{{"written", written_}, {"problems", problems}, {"notes", notes_}, {"next", next}, {"voice_url", voice_url}};
            session_.out << document.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
            return;
        }
        for (const auto& each : written_) session_.out << "written  " << printable(each) << "\n";
        for (const auto& each : problems) session_.out << paint(session_.look, Paint::bad, "problem") << "  " << printable(each) << "\n";
        for (const auto& note : notes_) {
            for (const auto& line : wrap(note, k_columns - 2)) session_.out << "  " << line << "\n";
        }
        session_.out << "\nNext:\n";
        for (const auto& each : next) session_.out << "  " << each << "\n";
        session_.out << "\nAt Twilio, the number's voice URL (POST):\n  " << printable(voice_url) << "\n" << std::flush;
    }

    const Session& session_;
    const Init& options_;
    Asker ask_;
    SiteAnswers answers_;
    std::string certificate_, private_key_;
    bool other_port_ = false;
    std::vector<std::string> written_, notes_;
};

}  // namespace

CLI::App* declare_init(CLI::App& app, Init& options) {
    auto* init = app.add_subcommand("init", "Set the box up: asks five questions, writes its configuration and its secrets");
    init->add_option("--site", options.site, "Name of this box (site.id)");
    init->add_option("--url", options.url, "How Twilio reaches it (listen.public.base_url)");
    init->add_option("--person", options.person, "Number or SIP address of the people to dial (person.number)");
    init->add_option("--twilio-token-file", options.twilio_token_file, "File with Twilio's auth token");
    init->add_option("--openai-key-file", options.openai_key_file, "File with OpenAI's API key");
    auto* certificate = init->add_option("--certificate", options.certificate, "Certificate chain to copy, PEM");
    auto* key = init->add_option("--private-key", options.private_key, "Its private key, PEM");
    certificate->needs(key);
    key->needs(certificate);
    init->add_option("--root", options.root, "Write under another root")->check(CLI::ExistingDirectory);
    init->add_flag("--force", options.force, "Replace what is there");
    return init;
}

int init_command(const Session& session, const Init& options) { return Initialising(session, options).run(); }

}  // namespace holdfast::ctl
