// incident_eval FILE.jsonl [--misses]: how well the incident room reads labelled utterances
// (tests/data/incident), per language and form, with denominators; and how long a reading takes.
// With --goals the exit status is 1 if a goal of the figures is missed.
#include "incident/reading.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using holdfast::incident::Place;
using holdfast::incident::Reading;

struct Label {
    std::string id;
    std::string lang;
    std::string form;
    std::string text;
    bool call_taker = false;
    std::string type;
    std::vector<std::string> also;
    std::optional<Place> place;
    bool dispatch = false;
};

// Counts of one group of lines.
struct Tally {
    int lines = 0;
    int type_right = 0;
    int places = 0;           // lines whose label has one
    int place_exact = 0;
    int place_partial = 0;    // not exact, but the same street, road or name
    int nothing_labelled = 0; // lines whose label lacks a place or a type
    int made_up = 0;
    int known = 0;            // places we call known
    int wrong_place = 0;
    int forbidden = 0;        // lines whose label forbids a dispatch
    int false_dispatch = 0;
    int allowed = 0;
    int dispatched = 0;
};

Label parse(const std::string& line) {
    const auto json = nlohmann::json::parse(line);
    Label label;
    label.id = json.at("id");
    label.lang = json.at("lang");
    label.form = json.at("form");
    label.text = json.at("text");
    label.call_taker = json.value("speaker", "caller") != "caller";
    label.type = json.at("type");
    label.also = json.at("also").get<std::vector<std::string>>();
    label.dispatch = json.at("dispatch");
    if (!json.at("location").is_null()) {
        Place place;
        place.normal = json.at("location").at("normal");
        place.known = json.at("location").at("known");
        label.place = place;
    }
    return label;
}

std::vector<std::string> parts(const std::string& normal) {
    std::vector<std::string> out(1);
    for (const char c : normal) {
        if (c == ' ' || c == ',') {
            if (!out.back().empty()) out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    return out;
}

// Half of the words or more in common.
bool partly(const std::string& a, const std::string& b) {
    const auto ours = parts(a);
    const auto theirs = parts(b);
    std::size_t same = 0;
    for (const auto& part : theirs) {
        for (const auto& other : ours) {
            if (part == other) {
                ++same;
                break;
            }
        }
    }
    return 2 * same >= theirs.size();
}

void count(Tally& tally, const Label& label, const Reading& reading) {
    const std::string type = holdfast::incident::code(reading.type);
    ++tally.lines;
    if (type == label.type) ++tally.type_right;
    const bool exact = label.place && reading.place && reading.place->normal == label.place->normal;
    if (label.place) {
        ++tally.places;
        if (exact) ++tally.place_exact;
        else if (reading.place && partly(reading.place->normal, label.place->normal)) ++tally.place_partial;
    }
    const bool no_type = label.type == "TROUBLE";
    if (!label.place || no_type) {
        ++tally.nothing_labelled;
        if ((!label.place && reading.place) || (no_type && !reading.unknown)) ++tally.made_up;
    }
    if (reading.place && reading.place->known) {
        ++tally.known;
        if (!exact) ++tally.wrong_place;
    }
    if (label.dispatch) {
        ++tally.allowed;
        if (reading.complete()) ++tally.dispatched;
    } else {
        ++tally.forbidden;
        if (reading.complete()) ++tally.false_dispatch;
    }
}

void print(const std::string& name, const Tally& t) {
    std::printf("%-14s type %3d/%-3d  exact %3d/%-3d  partial %2d  made-up %2d/%-3d  wrong place %d/%-3d  "
                "false dispatch %d/%-3d  dispatch %3d/%d\n",
                name.c_str(), t.type_right, t.lines, t.place_exact, t.places, t.place_partial, t.made_up,
                t.lines, t.wrong_place, t.known, t.false_dispatch, t.forbidden, t.dispatched, t.allowed);
}

void print_miss(const Label& label, const Reading& reading) {
    const std::string type = holdfast::incident::code(reading.type);
    const std::string ours = reading.place ? reading.place->normal + (reading.place->known ? " !" : " ?") : "-";
    const std::string theirs = label.place ? label.place->normal + (label.place->known ? " !" : " ?") : "-";
    if (type == label.type && ours == theirs) return;
    std::printf("%s %s | %s", label.id.c_str(), label.form.c_str(), label.text.c_str());
    if (type != label.type) std::printf(" | type %s, not %s", type.c_str(), label.type.c_str());
    if (ours != theirs) std::printf(" | place %s, not %s", ours.c_str(), theirs.c_str());
    std::printf("\n");
}

// Microseconds of one reading, the mean over enough of them to last.
double microseconds(const std::vector<Label>& labels) {
    std::size_t readings = 0;
    const auto begin = std::chrono::steady_clock::now();
    auto now = begin;
    while (now - begin < std::chrono::milliseconds(500)) {
        for (const Label& label : labels) (void)holdfast::incident::read(label.text);
        readings += labels.size();
        now = std::chrono::steady_clock::now();
    }
    return std::chrono::duration<double, std::micro>(now - begin).count() / static_cast<double>(readings);
}

bool goal(const char* name, double figure, double limit, bool at_least) {
    const bool met = at_least ? figure >= limit : figure <= limit;
    std::printf("goal %-16s %6.1f %s %g: %s\n", name, figure, at_least ? ">=" : "<=", limit, met ? "met" : "MISSED");
    return met;
}

}  // namespace

int main(int argc, char** argv) {
    bool misses = false;
    bool goals = false;
    std::string path;
    for (int n = 1; n < argc; ++n) {
        const std::string_view argument = argv[n];
        if (argument == "--misses") misses = true;
        else if (argument == "--goals") goals = true;
        else path = argument;
    }
    std::ifstream file(path);
    if (!file) {
        std::fprintf(stderr, "usage: incident_eval FILE.jsonl [--misses] [--goals]\n");
        return 64;
    }
    std::vector<Label> labels;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty()) labels.push_back(parse(line));
    }
    Tally all;
    std::map<std::string, Tally> groups;
    for (const Label& label : labels) {
        const Reading reading = holdfast::incident::read(
            label.text, label.call_taker ? holdfast::incident::Speaker::call_taker : holdfast::incident::Speaker::caller);
        count(all, label, reading);
        count(groups[label.lang], label, reading);
        count(groups[label.lang + " " + label.form], label, reading);
        if (misses) print_miss(label, reading);
    }
    for (const auto& [name, tally] : groups) print(name, tally);
    print("all", all);
    std::printf("%zu lines, %.1f us a reading\n", labels.size(), microseconds(labels));
    const auto percent = [](int part, int whole) { return whole == 0 ? 0.0 : 100.0 * part / whole; };
    bool met = goal("type %", percent(all.type_right, all.lines), 90, true);
    met = goal("exact %", percent(all.place_exact, all.places), 85, true) && met;
    met = goal("made-up %", percent(all.made_up, all.lines), 2, false) && met;
    met = goal("false dispatch", all.false_dispatch, 0, false) && met;
    met = goal("wrong place", all.wrong_place, 0, false) && met;
    return goals && !met ? 1 : 0;
}
