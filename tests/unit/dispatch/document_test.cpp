#include "dispatch/document.hpp"

#include "unit/dispatch/desk_world.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

namespace holdfast::dispatch {
namespace {

using nlohmann::json;

store::CallDetail call() {
    store::CallDetail detail;
    detail.call.call = test::call_sid(1);
    detail.call.from = store::Text("+15550100101");
    detail.call.attestation = "TN-Validation-Passed-A";
    detail.call.started_utc_ms = 1'699'999'995'000;
    store::Fact place;
    place.slot = "place";
    place.source = "caller";
    place.value = store::Text("12 Oak \"Street\"");
    place.normal = store::Text("12 OAK ST");
    place.known = true;
    place.confidence = 90;
    place.turn = "item_1";
    place.offset_ms = 3000;
    detail.facts.push_back({2, place});
    store::Incident incident;
    incident.type = "FSTRU";
    incident.also = "TRAUMA SICK";
    incident.place = store::Text("12 OAK ST");
    incident.place_kind = "address";
    incident.place_known = true;
    incident.differ = true;
    detail.incidents.push_back({3, incident});
    return detail;
}

Life life(std::initializer_list<const char*> states) {
    Life one;
    for (const char* state : states) one.take(test::step(1, 2, state, std::string_view(state) == "rejected" ? "prank" : ""));
    return one;
}

json own(const Life& one) { return json::parse(document(call(), one, {"site-1", Format::own, 1'700'000'001'500})); }
json eido(const Life& one) { return json::parse(document(call(), one, {"site-1", Format::eido, 1'700'000'001'500})); }

TEST(DispatchDocument, SaysWhatWhereAndWhy) {
    EXPECT_EQ(own(life({"proposed"})), json::parse(R"({
      "version": "holdfast.dispatch/1",
      "id": "CA00000000000000000000000000000001:dispatch:2", "revision": 1, "state": "proposed", "site": "site-1",
      "incident": "CA00000000000000000000000000000001:incident",
      "supersedes": "CA00000000000000000000000000000001:dispatch:1",
      "written_at": "2023-11-14T22:13:21.500Z", "proposed_at": "2023-11-14T22:13:20.000Z",
      "call": {"sid": "CA00000000000000000000000000000001", "began_at": "2023-11-14T22:13:15.000Z",
               "callback": "+15550100101", "attestation": "TN-Validation-Passed-A"},
      "type": {"code": "FSTRU", "text": "Structure fire", "also": ["TRAUMA", "SICK"]},
      "priority": 1,
      "location": {"text": "12 OAK ST", "kind": "address", "known": true},
      "incomplete": false, "rule": "place_and_type", "caller_and_model_differ": true,
      "facts": [{"about": "place", "said_by": "caller", "words": "12 Oak \"Street\"", "normal": "12 OAK ST", "denied": false,
                 "confidence": 0.9, "turn": "item_1", "offset_ms": 3000}]})"));
    EXPECT_EQ(own(life({"proposed", "approved"}))["revision"], 2);
    EXPECT_EQ(own(life({"proposed", "rejected"}))["reason"], "prank");
}

TEST(DispatchDocument, WithoutAPlaceItSaysSo) {
    Life one = life({"proposed"});
    one.proposal.place = store::Text();
    EXPECT_TRUE(own(one)["location"].is_null());
    EXPECT_EQ(eido(one).count("locationComponent"), 0u);
}

// Every reference points to a component of the document; the members are checked against our own JSON Schema by
// tests/integration/test_dispatch.py.
TEST(DispatchDocument, AnEidosReferencesPointToItsComponents) {
    const json document = eido(life({"proposed"}));
    std::vector<std::string> ids, references;
    const std::function<void(const json&)> walk = [&](const json& node) {
        if (node.is_object()) {
            if (node.contains("$id")) ids.push_back(node["$id"]);
            if (node.contains("$ref")) references.push_back(node["$ref"]);
        }
        if (node.is_structured()) {
            for (const auto& child : node) walk(child);
        }
    };
    walk(document);
    EXPECT_GE(references.size(), 5u);
    for (const auto& reference : references) EXPECT_NE(std::find(ids.begin(), ids.end(), reference), ids.end()) << reference;
    EXPECT_EQ(document["incidentComponent"]["incidentTypeCommonRegistryText"], "FSTRU");
    EXPECT_EQ(document["incidentComponent"]["incidentCommonPriorityNumber"], 1);
    EXPECT_EQ(document["locationComponent"][0]["locationDescriptionText"], "12 OAK ST");
    EXPECT_EQ(document["callbackComponent"][0]["callBackInformationUri"][0], "tel:+15550100101");
}

TEST(DispatchDocument, X06_WordsOfCallersStayWords) {
    auto hostile = call();
    hostile.facts[0].fact.value = store::Text("\xff<script>\x1b[2J{{x}}\r\n");
    for (const Format format : {Format::own, Format::eido}) {
        const std::string text = document(hostile, life({"proposed"}), {"site-1", format, 0});
        EXPECT_TRUE(json::accept(text));
        for (const char c : text) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
    }
}

}  // namespace
}  // namespace holdfast::dispatch
