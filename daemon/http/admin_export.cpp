#include "http/admin_export.hpp"

#include "base/random.hpp"
#include "base/text.hpp"
#include "config/limits.hpp"
#include "dispatch/webhook.hpp"
#include "http/admin_json.hpp"
#include "http/query.hpp"
#include "log/log.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace holdfast::http {
namespace {

constexpr log::Logger k_log{"http"};
constexpr std::string_view k_calls = "/api/v1/calls";
constexpr std::string_view k_export = "export";
constexpr std::string_view k_recordings = "recordings/";
constexpr std::size_t k_why_bytes_max = 500;
constexpr std::size_t k_id_bytes = 16;

net::HttpResponse no_such_recording() {
    return error_answer(404, "not_found", "the journal has no recording of that name for this call");
}

net::HttpResponse journal_refusal(const base::Error& why) {
    if (why.condition == base::Condition::reject) return error_answer(404, "not_found", "the journal knows no such call");
    return error_answer(503, "store_unavailable", "the journal could not be read or written, so nothing is exported");
}

net::HttpResponse reading_refusal(const base::Error& why) {
    const std::string_view code = why.code;
    if (code == "missing") return error_answer(404, "missing", "the file of this recording is not there");
    if (code == "unnamed") return error_answer(409, "not_finished", "this recording is still being finished; try again soon");
    if (code == "range") return error_answer(416, "bad_range", "offset is behind the end of this recording");
    if (code == "busy") return error_answer(503, "busy", "too many recordings are being read; try again in a moment");
    return error_answer(500, "unreadable", "the file of this recording cannot be read");
}

// Of a member of a body that is a text; absent: empty. Nothing: it is something else.
std::optional<std::string> text_member(const nlohmann::json& body, const char* name) {
    const auto found = body.find(name);
    if (found == body.end() || found->is_null()) return std::string();
    return found->is_string() ? std::optional<std::string>(found->get<std::string>()) : std::nullopt;
}

}  // namespace

bool ExportRoutes::takes(std::string_view path) {
    if (path.substr(0, k_calls.size() + 1) != std::string(k_calls) + "/") return false;
    const ListItem target = item_of(path, k_calls);
    if (target.id.empty()) return false;
    if (target.verb == k_export) return true;
    return target.verb.size() > k_recordings.size() && target.verb.substr(0, k_recordings.size()) == k_recordings;
}

void ExportRoutes::on_request(const net::HttpRequest& request, net::HttpReply reply) {
    const ListItem target = item_of(request.path(), k_calls);
    const bool post = target.verb == k_export;
    if (auto refused = refuse_method(request, post)) return reply(std::move(*refused));
    const auto call = base::CallSid::parse(target.id);
    if (!call) return reply(error_answer(400, "bad_call_sid", "a CallSid is CA and 32 hexadecimal digits"));
    if (post) return begin(*call, request, std::move(reply));
    recording(*call, target.verb.substr(k_recordings.size()), request, std::move(reply));
}

void ExportRoutes::begin(const base::CallSid& call, const net::HttpRequest& request, net::HttpReply reply) {
    if (auto refused = refuse_post(request)) return reply(std::move(*refused));
    const auto body = nlohmann::json::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
    const auto by_text = body.is_object() ? text_member(body, "by") : std::nullopt;
    const auto why_text = body.is_object() ? text_member(body, "why") : std::nullopt;
    if (!by_text || !why_text) return reply(error_answer(400, "bad_body", "send a JSON object whose members by and why are texts"));
    ExportAbout about;
    about.by = dispatch::clean_name(*by_text, "");
    about.why = dispatch::clean_text(*why_text, k_why_bytes_max);
    if (about.by.empty()) return reply(error_answer(400, "no_name", "an export needs the name of who does it: {\"by\": \"...\"}"));
    about.utc_ms = loop_.utc_ms();

    const auto done = questions_->ask<store::CallDetail>(
        std::move(reply),
        [this, about](const store::CallDetail& detail) {
            const auto status = status_();
            ExportAbout all = about;
            all.site_id = status.site_id;
            all.version = status.version;
            all.generation = status.store.generation;
            all.id = admit(detail);
            k_log.notice("call exported", detail.call.call, {{"recordings", static_cast<std::int64_t>(detail.recordings.size())}});
            return json_answer(200, export_json(all, detail));
        },
        journal_refusal);
    journal_.read_call(call, [this, call, about, done](base::Result<store::CallDetail> found) {
        if (!found) return done(found.error());
        store::Audit row;
        row.utc_ms = about.utc_ms;
        row.actor = about.by;
        row.action = "export_call";
        row.detail = "recordings=" + std::to_string(found->recordings.size()) + (about.why.empty() ? "" : " why=" + about.why);
        row.call = call;
        // Read again behind the row: an export tells of itself.
        const bool taken = journal_.append(std::move(row), [this, call, done](const store::Committed& committed) {
            if (committed.durable) return journal_.read_call(call, done);
            done(base::make_error(base::Condition::retry, "store_unavailable"));
        });
        if (!taken) done(base::make_error(base::Condition::retry, "store_busy"));
    });
}

// Gives the ID under which the sound of this call may be asked for.
std::string ExportRoutes::admit(const store::CallDetail& detail) {
    forget_old();
    if (exports_.size() >= limits::admin_exports_max) {
        exports_.erase(std::min_element(exports_.begin(), exports_.end(),
                                        [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
    }
    Export added;
    added.call = detail.call.call;
    added.used = loop_.now();
    for (const auto& row : detail.recordings) added.recordings.push_back(row.recording.path);
    auto id = base::random_hex(k_id_bytes);
    exports_[id] = std::move(added);
    return id;
}

void ExportRoutes::forget_old() {
    const auto now = loop_.now();
    for (auto it = exports_.begin(); it != exports_.end();) {
        it = now - it->second.used > limits::admin_export_idle ? exports_.erase(it) : std::next(it);
    }
}

void ExportRoutes::recording(const base::CallSid& call, std::string_view name, const net::HttpRequest& request,
                             net::HttpReply reply) {
    std::string problem;
    const auto query = Query::parse(request.query(), {"export", "offset", "bytes"}, problem);
    if (!query) return reply(bad_query(problem));
    const auto offset = base::parse_decimal(query->get("offset").value_or("0"));
    if (!offset) return reply(bad_query("offset is a number of bytes"));
    constexpr auto k_most = static_cast<std::int64_t>(limits::admin_recording_part_bytes_max);
    const auto bytes = query->get("bytes") ? base::parse_decimal(*query->get("bytes")) : k_most;
    if (!bytes || *bytes < 1 || *bytes > k_most) return reply(bad_query("bytes is a number from 1 to " + std::to_string(k_most)));

    forget_old();
    const auto found = exports_.find(std::string(query->get("export").value_or("")));
    if (found == exports_.end() || found->second.call != call) {
        return reply(error_answer(403, "no_export", "a recording is part of an export: POST to /api/v1/calls/{sid}/export first"));
    }
    const auto& known = found->second.recordings;
    const auto path = std::find(known.begin(), known.end(), name);
    if (path == known.end()) return reply(no_such_recording());
    if (!read_) return reply(error_answer(503, "unavailable", "this daemon reads no recordings"));
    found->second.used = loop_.now();
    read_(*path, *offset, *bytes,
          questions_->ask<RecordingPart>(
              std::move(reply),
              [](const RecordingPart& part) {
                  auto given = answer(200, "application/octet-stream", part.bytes);
                  given.headers.emplace_back("Holdfast-Total-Bytes", std::to_string(part.total));
                  return given;
              },
              reading_refusal));
}

}  // namespace holdfast::http
