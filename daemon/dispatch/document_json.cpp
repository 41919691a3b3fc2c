#include "dispatch/document.hpp"

#include "base/text.hpp"
#include "incident/types.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace holdfast::dispatch {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& document) {
    // Words of callers: what is not UTF-8 becomes U+FFFD, what is not ASCII an escape.
    return document.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string iso(std::int64_t utc_ms) {
    std::string out;
    base::append_iso_utc(out, utc_ms);
    return out;
}

std::string title_of(const std::string& code) {
    const auto type = incident::type_of(code);
    return std::string(incident::title(type.value_or(incident::Type::trouble)));
}

// What was known when this was proposed, or has come to be known since.
const store::Incident* newest(const store::CallDetail& call) {
    return call.incidents.empty() ? nullptr : &call.incidents.back().incident;
}

Json also_of(const store::Incident* incident) {
    Json codes = Json::array();
    std::string_view rest = incident == nullptr ? std::string_view() : std::string_view(incident->also);
    while (!rest.empty()) {
        const auto end = std::min(rest.find(' '), rest.size());
        codes.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return codes;
}

bool known_place(const store::CallDetail& call, const Life& life) {
    return std::any_of(call.facts.begin(), call.facts.end(), [&](const store::FactRow& row) {
        return row.fact.slot == "place" && row.fact.known && row.fact.normal.reveal() == life.proposal.place.reveal();
    });
}

Json fact_object(const store::Fact& fact) {
    return {{"about", fact.slot}, {"said_by", fact.source}, {"words", fact.value.reveal()}, {"normal", fact.normal.reveal()},
            {"denied", fact.denied}, {"confidence", static_cast<double>(fact.confidence) / 100.0}, {"turn", fact.turn},
            {"offset_ms", fact.offset_ms}};
}

Json own(const store::CallDetail& call, const Life& life, const DocumentAbout& about) {
    const store::Dispatch& p = life.proposal;
    const store::Incident* incident = newest(call);
    Json place;
    if (!p.place.reveal().empty()) {
        place = {{"text", p.place.reveal()}, {"kind", incident != nullptr ? incident->place_kind : ""}, {"known", known_place(call, life)}};
    }
    Json facts = Json::array();
    for (const auto& row : call.facts) facts.push_back(fact_object(row.fact));
    Json document{{"version", "holdfast.dispatch/1"},
                  {"id", life.id().str()},
                  {"revision", revision(life.content())},
                  {"state", to_string(life.content())},
                  {"site", about.site_id},
                  {"incident", p.call.str() + ":incident"},
                  {"supersedes", p.number > 1 ? Json(Id{p.call, p.number - 1}.str()) : Json()},
                  {"written_at", iso(about.utc_ms)},
                  {"proposed_at", iso(p.utc_ms)}};
    document["call"] = {{"sid", p.call.str()},
                        {"began_at", iso(call.call.started_utc_ms)},
                        {"callback", call.call.from.reveal()},
                        {"attestation", call.call.attestation}};
    document["type"] = {{"code", p.type}, {"text", title_of(p.type)}, {"also", also_of(incident)}};
    document["priority"] = p.priority;
    document["location"] = place;
    document["incomplete"] = p.incomplete;
    document["rule"] = p.rule;
    document["caller_and_model_differ"] = incident != nullptr && incident->differ;
    document["facts"] = std::move(facts);
    if (life.content() == Content::rejected) document["reason"] = life.reason;
    return document;
}

// Names of members and registries as NENA-STA-021.1 has them, as far as incident-domain.md and public code tell.
Json eido(const store::CallDetail& call, const Life& life, const DocumentAbout& about) {
    const store::Dispatch& p = life.proposal;
    const std::string incident_id = p.call.str() + ":incident";
    const std::string now = iso(about.utc_ms);
    const std::string agency = "urn:holdfast:site:" + about.site_id;
    const auto part = [&](const std::string& name) {
        return Json{{"$id", p.call.str() + ":" + name}, {"lastUpdateTimeStamp", now}, {"updatedByAgencyReference", {{"$ref", agency}}}};
    };
    const auto refer = [&](const std::string& name) { return Json{{"$ref", p.call.str() + ":" + name}}; };

    Json incident = part("incident");
    incident["incidentTypeCommonRegistryText"] = p.type;
    incident["incidentTypeInternalCode"] = p.type;
    incident["incidentTypeInternalText"] = title_of(p.type);
    incident["incidentCommonPriorityNumber"] = p.priority;
    incident["incidentPriorityInternalText"] = std::to_string(p.priority);
    incident["incidentStatusInternalText"] = Json::array({to_string(life.content())});
    incident["internalIncidentId"] = incident_id;
    Json notes = part("notes");
    std::string text = "Dispatch " + life.id().str() + " " + to_string(life.content()) + " by rule " + p.rule +
                       (p.incomplete ? ", incomplete: ask on." : ".");
    for (const auto& row : call.facts) {
        text += " " + std::string(row.fact.source == "caller" ? "Caller states" : "Model reports") + (row.fact.denied ? " no " : " ") +
                row.fact.slot + " \"" + row.fact.value.reveal() + "\".";
    }
    if (life.content() == Content::rejected) text += " Rejected: " + life.reason;
    notes["notesActionComments"] = text;
    incident["notesReference"] = Json::array({refer("notes")});

    Json begun = part("call");
    begun["callStateRegistryText"] = call.call.ended_utc_ms ? "callEnd" : "callAnswered";
    begun["standardPrimaryCallType"] = "emergency";
    begun["direction"] = "incoming";
    begun["callStartTimestamp"] = iso(call.call.started_utc_ms);
    if (!call.call.attestation.empty()) begun["verstat"] = call.call.attestation;
    Json agency_part{{"$id", agency}, {"lastUpdateTimeStamp", now}};
    agency_part["agencyRoleDescriptionRegistryText"] = Json::array({"CallReceiving"});
    agency_part["agencyType"] = Json::array({"psap"});

    Json document{{"$id", "urn:holdfast:" + life.id().str() + ":" + to_string(life.content())},
                  {"lastUpdateTimeStamp", now},
                  {"updatedByAgencyReference", {{"$ref", agency}}},
                  {"eidoVersion", "1.0"},
                  {"issuingElementIdentification", about.site_id}};
    if (!p.place.reveal().empty()) {
        Json location = part("location");
        location["locationTypeDescriptionRegistryText"] = "Incident";
        location["locationDescriptionText"] = p.place.reveal();
        incident["locationReference"] = Json::array({refer("location")});
        document["locationComponent"] = Json::array({location});
    }
    if (!call.call.from.reveal().empty()) {
        Json callback = part("callback");
        callback["callBackInformationUri"] = Json::array({"tel:" + call.call.from.reveal()});
        begun["callbackReference"] = refer("callback");
        document["callbackComponent"] = Json::array({callback});
    }
    document["incidentComponent"] = std::move(incident);
    document["callComponent"] = Json::array({begun});
    document["agencyComponent"] = Json::array({agency_part});
    document["notesComponent"] = Json::array({notes});
    return document;
}

}  // namespace

std::optional<Format> format_of(std::string_view word) {
    if (word == "holdfast") return Format::own;
    if (word == "eido") return Format::eido;
    return std::nullopt;
}

std::string_view content_type(Format format) {
    return format == Format::eido ? "application/emergency.eido+json" : "application/json";
}

std::string document(const store::CallDetail& call, const Life& life, const DocumentAbout& about) {
    return dump(about.format == Format::eido ? eido(call, life, about) : own(call, life, about));
}

}  // namespace holdfast::dispatch
