#include "holdfastctl/export.hpp"

#include "base/ids.hpp"
#include "base/text.hpp"
#include "holdfastctl/client.hpp"
#include "holdfastctl/export_text.hpp"
#include "holdfastctl/json.hpp"
#include "holdfastctl/zip_file.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <ostream>
#include <set>
#include <utility>

namespace holdfast::ctl {
namespace {

using Ordered = nlohmann::ordered_json;

constexpr const char* k_format = "holdfast-export-1";
constexpr std::size_t k_name_bytes_max = 200;
constexpr std::int64_t k_recording_bytes_max = std::int64_t{4} * 1024 * 1024 * 1024;  // three days of both legs

// Names come from outside and become names of files where the ZIP is unpacked.
bool is_plain_name(const std::string& name) {
    return !name.empty() && name.size() <= k_name_bytes_max && name.front() != '.' && name.front() != '-' &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == std::string::npos;
}

std::string text_of(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

template <class Document>
std::string pretty(const Document& document) {
    return document.dump(2, ' ', true, Document::error_handler_t::replace) + "\n";
}

std::optional<std::int64_t> total_of(const net::HttpAnswer& answer) {
    for (const auto& [name, value] : answer.headers) {
        if (base::equal_ignoring_case(name, "Holdfast-Total-Bytes")) return base::parse_decimal(value);
    }
    return std::nullopt;
}

// Why a recording is not in the ZIP: a word and a sentence.
struct Missing {
    std::string code;
    std::string why;
};

struct Sound {
    std::unique_ptr<Spool> spool;    // empty: see missing
    std::optional<Missing> missing;  // neither: `failed`
    base::Error failed;              // of our own disk
};

// One export on its way from the daemon into the file.
class Exporting {
  public:
    Exporting(const Session& session, const Export& options, const Client& client, ZipFile& zip)
        : session_(session), options_(options), client_(client), zip_(zip) {}

    int run();

  private:
    int begin();
    base::Result<void> add_texts();
    base::Result<void> add_recordings();
    base::Result<void> add_recording(const std::string& name, const std::string& journal_sha256);
    base::Result<void> add_lists();
    base::Result<void> add(const std::string& name, const std::string& content);
    Sound fetch(const std::string& name) const;
    Missing refusal(const net::HttpAnswer& answer, const std::string& name) const;
    bool purged(const std::string& name) const;
    void miss(const std::string& member_name, Missing why);
    bool complete() const { return missing_.empty() && differing_.empty(); }
    int say();

    const Session& session_;
    const Export& options_;
    const Client& client_;
    ZipFile& zip_;

    Json about_;   // the head of the daemon's answer
    Json detail_;  // the call
    Ordered members_ = Ordered::array();
    Ordered missing_ = Ordered::array();
    Ordered differing_ = Ordered::array();
    Ordered manifest_;
    std::string sums_;
};

int Exporting::run() {
    if (const int code = begin()) return code;
    auto done = add_texts();
    if (done) done = add_recordings();
    if (done) done = add_lists();
    if (done) done = zip_.finish();
    if (!done) return complain(session_, k_exit_not_good, done.error().detail);
    return say();
}

// Asks for the export. Empty-handed: the exit code, with its reason said.
int Exporting::begin() {
    const Json body{{"by", options_.by.empty() ? user_name() : options_.by}, {"why", options_.why}};
    const auto answer =
        client_.post("/api/v1/calls/" + options_.call + "/export", body.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (!answer) return unreachable(session_, client_, answer.error());
    const auto document = Ordered::parse(answer->body, nullptr, false);
    if (!document.is_object()) {
        return complain(session_, k_exit_unreachable, client_.address() + " is not a Holdfast admin listener");
    }
    if (answer->status != 200) return complain(session_, k_exit_not_good, refusal_message(answer->status, answer->body));
    if (!document.contains("export") || !document.contains("detail")) {
        return complain(session_, k_exit_not_good, client_.address() + " gave no call: another version of Holdfast");
    }
    const auto call = pretty(document["detail"]);  // with its members in the daemon's order
    about_ = Json::parse(document["export"].dump(), nullptr, false);
    detail_ = Json::parse(call, nullptr, false);
    zip_.set_time(number_or(about_, "exported_utc_ms", 0));
    const auto added = add("call.json", call);
    return added ? k_exit_ok : complain(session_, k_exit_not_good, added.error().detail);
}

base::Result<void> Exporting::add(const std::string& name, const std::string& content) {
    const auto sha256 = base::sha256_hex(content);
    members_.push_back({{"name", name}, {"bytes", content.size()}, {"sha256", sha256}});
    sums_ += sha256 + "  " + name + "\n";
    return zip_.add(name, content);
}

base::Result<void> Exporting::add_texts() {
    const auto site = text_of(about_, "site_id");
    const Json& audit = member(detail_, "audit");
    auto done = add("transcript.txt", transcript_text(detail_, site));
    if (done) done = add("audit.txt", audit_text(detail_));
    if (done) done = add("audit.json", pretty(audit.is_array() ? audit : Json::array()));
    return done;
}

base::Result<void> Exporting::add_recordings() {
    const Json& rows = member(detail_, "recordings");
    if (!rows.is_array()) return {};
    std::set<std::string> done;
    for (const auto& row : rows) {
        const auto name = text_of(row, "path");
        if (!done.insert(name).second) continue;  // a journal that was put together again may name a file twice
        if (!is_plain_name(name)) {
            miss("audio/", {"bad_name", "the journal has a name for it that no recording has"});
            continue;
        }
        const auto added = add_recording(name, text_of(row, "sha256"));
        if (!added) return added;
    }
    return {};
}

base::Result<void> Exporting::add_recording(const std::string& name, const std::string& journal_sha256) {
    // What is given away is not sealed.
    constexpr std::string_view k_sealed = ".sealed";
    const bool sealed = name.size() > k_sealed.size() && name.compare(name.size() - k_sealed.size(), k_sealed.size(), k_sealed) == 0;
    const auto member_name = "audio/" + name.substr(0, name.size() - (sealed ? k_sealed.size() : 0));
    auto sound = fetch(name);
    if (sound.missing) {
        miss(member_name, std::move(*sound.missing));
        return {};
    }
    if (!sound.spool) return sound.failed;
    const auto sha256 = sound.spool->sha256();
    const bool same = sha256 == journal_sha256;
    if (!same) {
        differing_.push_back(member_name);
        complain(session_, k_exit_not_good,
                 member_name + " is NOT what the journal says: its sha256 is " + sha256 + ", the journal has " +
                     (journal_sha256.empty() ? "none" : printable(journal_sha256)));
    }
    members_.push_back({{"name", member_name},
                        {"bytes", sound.spool->bytes()},
                        {"sha256", sha256},
                        {"journal_sha256", journal_sha256},
                        {"as_journal", same}});
    sums_ += sha256 + "  " + member_name + "\n";
    return zip_.add(member_name, std::move(sound.spool));
}

Sound Exporting::fetch(const std::string& name) const {
    auto spool = Spool::create(zip_.folder());
    if (!spool) return {nullptr, std::nullopt, spool.error()};
    const auto target = "/api/v1/calls/" + options_.call + "/recordings/" + name + "?export=" + text_of(about_, "id") + "&offset=";
    std::int64_t total = 0;
    for (bool first = true; first || (*spool)->bytes() < total; first = false) {
        const auto answer = client_.get(target + std::to_string((*spool)->bytes()));
        if (!answer) return {nullptr, Missing{"unreachable", "the daemon did not answer while it was read"}, {}};
        if (answer->status != 200) return {nullptr, refusal(*answer, name), {}};
        const auto now = total_of(*answer);
        if (!now || *now > k_recording_bytes_max) return {nullptr, Missing{"bad_answer", "the daemon's answer cannot be used"}, {}};
        if (first) total = *now;
        const auto got = (*spool)->bytes() + static_cast<std::int64_t>(answer->body.size());
        if (*now != total || got > total || (answer->body.empty() && got < total)) {
            return {nullptr, Missing{"changed", "it changed while it was read"}, {}};
        }
        const auto kept = (*spool)->write(answer->body);
        if (!kept) return {nullptr, std::nullopt, kept.error()};
    }
    return {std::move(*spool), std::nullopt, {}};
}

Missing Exporting::refusal(const net::HttpAnswer& answer, const std::string& name) const {
    const auto code = word(member(Json::parse(answer.body, nullptr, false), "error"), "code");
    if (code == "missing" && purged(name)) return {"purged", "its time was over and it was deleted, as the audit says"};
    return {code.empty() ? "refused" : code, refusal_message(answer.status, answer.body)};
}

bool Exporting::purged(const std::string& name) const {
    const Json& audit = member(detail_, "audit");
    if (!audit.is_array()) return false;
    for (const auto& row : audit) {
        if (text_of(row, "action") == "recording_purged" && text_of(row, "detail") == "path=" + name) return true;
    }
    return false;
}

void Exporting::miss(const std::string& member_name, Missing why) {
    complain(session_, k_exit_not_good, member_name + " is missing: " + why.why);
    missing_.push_back({{"name", member_name}, {"code", why.code}, {"why", why.why}});
}

base::Result<void> Exporting::add_lists() {
    manifest_ = Ordered{{"format", k_format},
                        {"call", options_.call},
                        {"call_over", !member(member(detail_, "call"), "ended_utc_ms").is_null()},
                        {"site_id", text_of(about_, "site_id")},
                        {"version", text_of(about_, "version")},
                        {"generation", text_of(about_, "generation")},
                        {"exported_utc_ms", number_or(about_, "exported_utc_ms", 0)},
                        {"by", text_of(about_, "by")},
                        {"why", text_of(about_, "why")},
                        {"complete", complete()},
                        {"members", members_},
                        {"missing", missing_},
                        {"differing", differing_}};
    auto done = add("manifest.json", pretty(manifest_));
    if (done) done = zip_.add("SHA256SUMS", sums_);
    return done;
}

int Exporting::say() {
    if (!manifest_["call_over"].get<bool>()) session_.err << "holdfastctl: the call is going on; what comes later is not in it\n";
    if (session_.options.json) {
        const Ordered document{{"file", options_.to}, {"manifest", manifest_}};
        session_.out << document.dump(-1, ' ', true, Ordered::error_handler_t::replace) << "\n" << std::flush;
    } else {
        session_.out << options_.to << ": " << members_.size() + 1 << " members" << (complete() ? "" : ", NOT complete") << "\n"
                     << std::flush;
    }
    return complete() ? k_exit_ok : k_exit_not_good;
}

std::string check_call(const std::string& text) {
    return base::CallSid::parse(text) ? "" : "a CallSid is CA and 32 hexadecimal digits";
}

std::string check_not_blank(const std::string& text) {
    return text.find_first_not_of(' ') == std::string::npos ? "a name is wanted" : "";
}

}  // namespace

CLI::App* declare_export(CLI::App& app, Export& options) {
    auto* command = app.add_subcommand("export", "Write one call with its recordings into a ZIP; audited");
    command->add_option("SID", options.call, "The call's CallSid")->required()->check(check_call);
    command->add_option("--to", options.to, "The file; default SID.zip in this folder");
    command->add_option("--by", options.by, "Who does it, for the audit; default the name of the user")->check(check_not_blank);
    command->add_option("--why", options.why, "The reason, for the audit");
    command->add_flag("--force", options.force, "Replace the file if it is there");
    return command;
}

int export_command(const Session& session, const Export& options) {
    Export wanted = options;
    if (wanted.to.empty()) wanted.to = wanted.call + ".zip";
    const auto client = Client::make(session.options.admin, session.options.ca_file);
    if (!client) return complain(session, k_exit_usage, client.error().detail);
    // The file first: what cannot be written need not be given away.
    auto zip = ZipFile::create(wanted.to, wanted.force ? Existing::replace : Existing::refuse);
    if (!zip) return complain(session, k_exit_not_good, zip.error().detail);
    return Exporting(session, wanted, *client, **zip).run();
}

}  // namespace holdfast::ctl
