#include "sync/mongo_document_impl.hpp"

#include "base/sha256.hpp"
#include "base/text.hpp"

#include <utility>
#include <variant>

namespace holdfast::sync {
namespace {

constexpr std::string_view k_replacement = "\xEF\xBF\xBD";

std::string clean(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto bytes = base::utf8_character_bytes(text, at);
        if (bytes == 0 || text[at] == '\0') {
            out += k_replacement;
            ++at;
        } else {
            out += text.substr(at, bytes);
            at += bytes;
        }
    }
    return out;
}

template <class T, class Add>
void maybe(Bson& into, const char* key, const std::optional<T>& value, Add add) {
    if (value) {
        (into.*add)(key, *value);
    } else {
        into.null(key);
    }
}

Bson step_of(const store::DispatchRow& row) {
    const auto& d = row.dispatch;
    Bson step;
    step.number("seq", row.seq).time("at", d.utc_ms).number("offset_ms", d.offset_ms).text("state", d.state);
    step.text("actor", d.actor).text("reason", d.reason);
    return step;
}

Bson place_of(const store::Incident& incident) {
    Bson place;
    place.text("normal", incident.place.reveal()).text("kind", incident.place_kind).flag("known", incident.place_known);
    return place;
}

void write(const store::DispatchState& state, Document& document) {
    const auto& first = state.steps.front().dispatch;
    const auto& newest = state.steps.back().dispatch;
    document.id = first.call.str() + ":dispatch:" + std::to_string(first.number);
    document.grows = true;
    document.fields.text("call_sid", first.call.str()).number("number", first.number).text("state", newest.state);
    document.fields.text("rule", first.rule).text("type", first.type).number("priority", first.priority);
    document.fields.text("location", first.place.reveal()).flag("incomplete", first.incomplete);
    document.fields.time("proposed_at", first.utc_ms).time("updated_at", newest.utc_ms);
    document.fields.array("steps", state.steps, step_of);
}

void write(const store::IncidentState& state, Document& document) {
    const auto& i = state.incident.incident;
    document.id = i.call.str() + ":incident";
    document.grows = true;
    document.fields.text("call_sid", i.call.str()).number("revision", i.rev).text("type", i.type).text("also", i.also);
    document.fields.number("priority", i.priority).document("location", place_of(i)).flag("differ", i.differ);
    document.fields.number("question_count", i.questions).time("updated_at", i.utc_ms);
    document.fields.array("facts", state.facts, [](const store::FactRow& row) {
        const auto& f = row.fact;
        Bson fact;
        fact.number("seq", row.seq).time("at", f.utc_ms).number("offset_ms", f.offset_ms).text("slot", f.slot);
        fact.text("source", f.source).text("value", f.value.reveal()).text("normal", f.normal.reveal());
        fact.text("kind", f.kind).flag("known", f.known).flag("denied", f.denied).number("confidence", f.confidence);
        fact.text("turn", f.turn);
        return fact;
    });
}

void write(const store::CallState& state, Document& document) {
    const auto& c = state.call;
    auto& fields = document.fields;
    document.id = c.call.str();
    document.grows = true;
    fields.text("call_sid", c.call.str()).text("account_sid", c.account_sid).text("stream_sid", c.stream_sid);
    fields.text("from", c.from.reveal()).text("to", c.to.reveal()).text("attestation", c.attestation);
    fields.text("status", c.status).text("decision", c.decision).text("rung", c.rung).text("end_reason", c.end_reason);
    fields.time("started_at", c.started_utc_ms);
    maybe(fields, "ended_at", c.ended_utc_ms, &Bson::time);
    maybe(fields, "duration_ms", c.duration_ms, &Bson::number);
    fields.number("utterance_count", c.utterances);
    fields.array("rungs", state.seams, [](const store::SeamRow& row) {
        const auto& s = row.seam;
        Bson seam;
        seam.number("seq", row.seq).time("at", s.utc_ms).number("offset_ms", s.offset_ms).text("kind", s.kind);
        seam.text("from", s.from_rung).text("to", s.to_rung).text("reason", s.reason);
        return seam;
    });
    if (state.incident) {
        const auto& i = state.incident->incident;
        Bson incident;
        incident.text("type", i.type).text("also", i.also).number("priority", i.priority);
        incident.document("location", place_of(i)).flag("differ", i.differ);
        fields.document("incident", incident).number("question_count", i.questions);
    } else {
        fields.null("incident").number("question_count", 0);
    }
    fields.array("dispatches", state.dispatches, [](const store::DispatchRow& row) {
        const auto& d = row.dispatch;
        Bson dispatch;
        dispatch.number("number", d.number).text("state", d.state).text("type", d.type).flag("incomplete", d.incomplete);
        return dispatch;
    });
}

void write(const store::Utterance& u, Document& document) {
    auto& fields = document.fields;
    fields.text("call_sid", u.call.str()).time("at", u.utc_ms);
    fields.text("speaker", u.speaker == store::Speaker::voice ? "voice" : "caller").text("text", u.text.reveal());
    fields.number("start_ms", u.start_ms).number("end_ms", u.end_ms).text("provider", u.provider).text("item_id", u.item_id);
    fields.flag("failed", u.failed).flag("deferred", u.deferred).flag("interrupted", u.interrupted);
    maybe(fields, "played_ms", u.played_ms, &Bson::number);
    maybe(fields, "total_ms", u.total_ms, &Bson::number);
    maybe(fields, "response_us", u.response_us, &Bson::number);
}

void write(const store::Recording& r, Document& document) {
    auto& fields = document.fields;
    fields.text("call_sid", r.call.str()).time("at", r.utc_ms).number("offset_ms", r.offset_ms).text("path", r.path);
    fields.text("sha256", r.sha256).number("duration_ms", r.duration_ms).number("lost_ms", r.lost_ms);
    fields.text("legs", r.legs).text("class", r.retention_class);
}

void write(const store::Audit& a, Document& document) {
    auto& fields = document.fields;
    if (a.call) {
        fields.text("call_sid", a.call->str());
    } else {
        fields.null("call_sid");
    }
    fields.time("at", a.utc_ms).text("actor", a.actor).text("action", a.action).text("detail", a.detail);
}

}  // namespace

Bson& Bson::text(const char* key, std::string_view value) {
    const std::string good = clean(value);
    bson_append_utf8(&b_, key, -1, good.data(), static_cast<int>(good.size()));
    return *this;
}

Bson& Bson::number(const char* key, std::int64_t value) {
    bson_append_int64(&b_, key, -1, value);
    return *this;
}

Bson& Bson::small(const char* key, std::int32_t value) {
    bson_append_int32(&b_, key, -1, value);
    return *this;
}

Bson& Bson::data(const char* key, std::string_view bytes) {
    bson_append_binary(&b_, key, -1, BSON_SUBTYPE_BINARY, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                       static_cast<std::uint32_t>(bytes.size()));
    return *this;
}

Bson& Bson::flag(const char* key, bool value) {
    bson_append_bool(&b_, key, -1, value);
    return *this;
}

Bson& Bson::time(const char* key, std::int64_t utc_ms) {
    bson_append_date_time(&b_, key, -1, utc_ms);
    return *this;
}

Bson& Bson::null(const char* key) {
    bson_append_null(&b_, key, -1);
    return *this;
}

Bson& Bson::document(const char* key, const Bson& value) {
    bson_append_document(&b_, key, -1, &value.b_);
    return *this;
}

Bson& Bson::members_of(const bson_t* other) {
    bson_concat(&b_, other);
    return *this;
}

const char* collection_of(store::ChangeClass change_class) {
    switch (change_class) {
        case store::ChangeClass::dispatch: return "dispatches";
        case store::ChangeClass::incident: return "incidents";
        case store::ChangeClass::call: return "active_calls";
        case store::ChangeClass::transcript: return "transcripts";
        case store::ChangeClass::recording: return "recordings";
        case store::ChangeClass::audit: return "audit";
    }
    return "audit";
}

Document document_of(const store::Change& change, std::string_view site_id) {
    Document document;
    auto& fields = document.fields;
    fields.number("schema", k_document_schema).text("generation", change.generation).number("seq", change.seq);
    std::visit([&document](const auto& what) { write(what, document); }, change.what);
    const std::string name = change.generation + ":";
    const std::string seq = std::to_string(change.seq);
    if (const auto* said = std::get_if<store::Utterance>(&change.what)) {
        document.id = said->call.str() + ":" + name + seq;
    } else if (const auto* recording = std::get_if<store::Recording>(&change.what)) {
        document.id = recording->call.str() + ":" + name + "recording:" + seq;
    } else if (std::holds_alternative<store::Audit>(change.what)) {
        document.id = std::string(site_id) + ":" + name + seq;
    }
    if (!document.grows) document.hash = base::sha256_hex(fields.bytes());
    return document;
}

}  // namespace holdfast::sync
