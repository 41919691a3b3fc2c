#include "holdfastctl/json.hpp"
#include "holdfastctl/print.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace holdfast::ctl {
namespace {

constexpr std::int64_t k_utc_ms = 1'790'000'000'000;  // 2026-09-21T14:13:20Z
constexpr char k_sid[] = "CA00000000000000000000000000001234";

void expect_fits(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), k_columns) << line;
}

Json status() {
    return Json{{"version", "0.1.0"},
                {"site_id", "site-1"},
                {"ready", true},
                {"reasons", Json::array()},
                {"draining", false},
                {"now_utc_ms", k_utc_ms + 65'000},
                {"started_utc_ms", k_utc_ms},
                {"calls", {{"active", 1}, {"max", 50}}},
                {"voice",
                 {{"provider", "openai"},
                  {"configured", true},
                  {"state", "ok"},
                  {"last_error_code", ""}}},
                {"rungs",
                 {{{"rung", "openai"}, {"configured", true}, {"state", "good"}, {"first_audio_ms", 412}},
                  {{"rung", "scripted"}, {"configured", false}, {"state", "skipped"}, {"reason", "no_api_key"}},
                  {{"rung", "canned"}, {"configured", true}, {"state", "good"}, {"first_audio_ms", -1}}}},
                {"store",
                 {{"health", "good"},
                  {"reason", ""},
                  {"rows_committed", 120},
                  {"rows_waiting", 0},
                  {"database_bytes", 1'048'576},
                  {"wal_bytes", 1024},
                  {"free_bytes", 21'474'836'480}}},
                {"prompts_loaded", 2},
                {"public",
                 {{"address", "0.0.0.0"},
                  {"port", 443},
                  {"tls", true},
                  {"base_url", "https://edge.psap.example"},
                  {"certificate_not_after_utc_s", 1'800'000'000}}}};
}

TEST(PrintStatus, ShowsEveryPart) {
    const auto text = print_status(status(), Look{});
    EXPECT_EQ(text,
              "holdfastd 0.1.0 at site-1: ready\n"
              "  running     2026-09-21T14:13:20Z (1 min 5 s)\n"
              "  calls       1 of 50\n"
              "  ladder      openai: good (412 ms), canned: good; not here: scripted (no_api_key)\n"
              "  journal     good, 120 rows, 0 waiting, 1.0 MiB, 20.0 GiB free\n"
              "  front door  0.0.0.0 port 443, TLS, https://edge.psap.example, certificate until\n"
              "              2027-01-15T08:00:00Z\n"
              "  prompts     2 loaded\n");
    expect_fits(text);
}

TEST(PrintStatus, SaysHowTheBoxIs) {
    auto document = status();
    document["box"] = {{"clock", "good"}, {"disk", "unknown"}, {"disk_life_used", nullptr}, {"safe_mode", false}};
    EXPECT_NE(print_status(document, Look{}).find("  box         clock good, disk unknown\n"), std::string::npos);
    document["box"] = {{"clock", "not_set"}, {"disk", "worn"}, {"disk_life_used", 0.9}, {"safe_mode", true}};
    const auto text = print_status(document, Look{});
    EXPECT_NE(text.find("  box         clock not_set, disk worn (90 % of its life used), SAFE MODE after crashes"), std::string::npos) << text;
}

TEST(PrintStatus, SaysHowTheLastReloadWent) {
    auto document = status();
    document["reload"] = {{"utc_ms", nullptr}, {"result", "never"}, {"problem", ""}, {"problems", 0}, {"needs_restart", Json::array()}};
    EXPECT_NE(print_status(document, Look{}).find("  config      as started\n"), std::string::npos);
    document["reload"] = {{"utc_ms", k_utc_ms}, {"result", "ok"}, {"problem", ""}, {"problems", 0}, {"needs_restart", {"store.path", "log.format"}}};
    EXPECT_NE(print_status(document, Look{}).find("  config      reloaded 2026-09-21T14:13:20Z; restart holdfast for: store.path, log.format\n"),
              std::string::npos);
    document["reload"] = {{"utc_ms", k_utc_ms}, {"result", "rejected"}, {"problem", "h.yaml:1:1: x"}, {"problems", 3}, {"needs_restart", Json::array()}};
    const auto text = print_status(document, Look{});
    EXPECT_NE(text.find("  config      REFUSED 2026-09-21T14:13:20Z, the old one stays in force: h.yaml:1:1: x,"), std::string::npos) << text;
    EXPECT_NE(text.find("and 2 more:"), std::string::npos) << text;
    expect_fits(text);
}

TEST(PrintStatus, SaysWhyItIsNotReady) {
    auto document = status();
    document["ready"] = false;
    document["reasons"] = {"prompts", "draining"};
    document["draining"] = true;
    document["public"]["port"] = 0;
    document["rungs"][0]["state"] = "down";
    const auto text = print_status(document, Look{});
    EXPECT_NE(text.find("site-1: not ready: prompts, draining\n"), std::string::npos);
    EXPECT_NE(text.find("  calls       1 of 50, draining: new calls go to people\n"),
              std::string::npos);
    EXPECT_NE(text.find("  ladder      openai: down (412 ms), canned: good"), std::string::npos);
    EXPECT_NE(text.find("  front door  closed\n"), std::string::npos);
    document["drain"] = {{"by", "ann"}, {"ends_utc_ms", 1'790'000'000'000}};
    document["selftest"] = {{"good", false}, {"detail", "no_greeting"}, {"utc_ms", 1'790'000'000'000}};
    const auto drained = print_status(document, Look{});
    EXPECT_NE(drained.find("people until a restart, or 2026-"), std::string::npos) << drained;
    EXPECT_NE(drained.find("  test call   no_greeting, 2026-"), std::string::npos) << drained;
}

TEST(PrintStatus, CopesWithADocumentOfAnotherShape) {
    EXPECT_NE(print_status(Json{{"ready", "yes"}, {"calls", 3}}, Look{}).find("not ready"),
              std::string::npos);
    EXPECT_EQ(print_calls(Json{{"calls", "many"}}, Look{}), "no calls\n");
    EXPECT_NE(print_call(Json::array(), Look{}).find("nothing was said"), std::string::npos);
}

TEST(PrintCalls, AlignsTheColumns) {
    const Json document{{"calls",
                         {{{"call", k_sid},
                           {"status", "streaming"},
                           {"rung", "openai"},
                           {"started_utc_ms", k_utc_ms},
                           {"duration_ms", nullptr},
                           {"end_reason", ""},
                           {"utterances", 3}},
                          {{"call", "CA00000000000000000000000000000001"},
                           {"status", "ended"},
                           {"rung", "person"},
                           {"started_utc_ms", k_utc_ms - 86'400'000},
                           {"duration_ms", 72'300},
                           {"end_reason", "never_streamed"},
                           {"utterances", 12}}}}};
    const auto text = print_calls(document, Look{});
    EXPECT_EQ(text,
              "CALL                                STARTED                   LASTED  RUNG    SAID  "
              "STATE\n"
              "CA00000000000000000000000000001234  2026-09-21T14:13:20Z              openai     3  "
              "streaming\n"
              "CA00000000000000000000000000000001  2026-09-20T14:13:20Z  1 min 12 s  person    12  "
              "never_streamed\n");
    expect_fits(text);
}

TEST(PrintCalls, CutsAStateThatIsTooLong) {
    const Json document{
        {"calls",
         {{{"call", k_sid}, {"rung", "eleven_realtime"}, {"end_reason", "never_streamed"}}}}};
    const auto text = print_calls(document, Look{});
    EXPECT_NE(text.find("never_stre…\n"), std::string::npos) << text;
    expect_fits(text);
}

Json call_detail() {
    return Json{
        {"call",
         {{"call", k_sid},
          {"status", "ended"},
          {"rung", "openai"},
          {"decision", "admitted"},
          {"started_utc_ms", k_utc_ms},
          {"duration_ms", 72'300},
          {"end_reason", "stop"},
          {"generation", "g1"},
          {"last_seq", 5},
          {"from", "+15550100"},
          {"to", "+15550199"},
          {"attestation", "TN-Validation-Passed-A"},
          {"stream_sid", "MZ00000000000000000000000000000001"}}},
        {"utterances",
         {{{"seq", 2},
           {"speaker", "caller"},
           {"text", "There is a fire\x1b[31m\nat the mill"},
           {"start_ms", 2120},
           {"failed", false},
           {"interrupted", false}},
          {{"seq", 3},
           {"speaker", "voice"},
           {"text", "Which mill do you mean?"},
           {"start_ms", 3000},
           {"failed", false},
           {"interrupted", true},
           {"played_ms", 850},
           {"total_ms", 3400},
           {"response_us", 412'300},
           {"vad_us", 300'000},
           {"provider_us", 111'900},
           {"box_us", 400}},
          {{"seq", 5}, {"speaker", "caller"}, {"text", ""}, {"start_ms", 9000}, {"failed", true}}}},
        {"seams",
         {{{"seq", 4},
           {"offset_ms", 8000},
           {"kind", "voice_lost"},
           {"from_rung", "openai"},
           {"to_rung", "person"},
           {"reason", "network"}}}},
        {"audit",
         {{{"seq", 9},
           {"utc_ms", k_utc_ms},
           {"actor", "twilio"},
           {"action", "start"},
           {"detail", ""}}}}};
}

TEST(PrintCall, TellsWordsAndSeamsInOrder) {
    const auto text = print_call(call_detail(), Look{});
    EXPECT_EQ(text,
              "call CA00000000000000000000000000001234\n"
              "  state       ended: stop\n"
              "  started     2026-09-21T14:13:20.000Z\n"
              "  lasted      1 min 12 s\n"
              "  from        +15550100 (TN-Validation-Passed-A)\n"
              "  to          +15550199\n"
              "  rung        openai (admitted)\n"
              "  stream      MZ00000000000000000000000000000001\n"
              "  journal     generation g1, last seq 5\n"
              "\n"
              "  SEQ        AT  WHO     WHAT\n"
              "    2  0:02.120  caller  \"There is a fire\\x1b[31m\\nat the mill\"\n"
              "    3  0:03.000  voice   \"Which mill do you mean?\" [cut off: 850 ms of 3.4 s "
              "heard] [answered after\n"
              "                         412 ms: detector 300, provider 112, box 0.4]\n"
              "    4  0:08.000  seam    voice_lost, openai to person: network\n"
              "    5  0:09.000  caller  (could not be written down)\n"
              "\n"
              "  AUDIT                     WHO     DID    DETAIL\n"
              "  2026-09-21T14:13:20.000Z  twilio  start\n");
    expect_fits(text);
}

TEST(PrintCall, ShowsRecordingsAndWhatIsMissingInThem) {
    auto document = call_detail();
    document["utterances"][0]["deferred"] = true;
    document["recordings"] = {{{"seq", 6},
                               {"offset_ms", 250},
                               {"path", std::string(k_sid) + ".g1.1.wav"},
                               {"sha256", std::string(64, 'a')},
                               {"duration_ms", 72'000},
                               {"lost_ms", 850},
                               {"legs", "both"},
                               {"class", "live"}}};
    const auto text = print_call(document, Look{});
    EXPECT_NE(text.find("[written down later,"), std::string::npos) << text;
    EXPECT_NE(text.find("0:00.250  1 min 12 s  CA00000000000000000000000000001234.g1.1.wav (live,"), std::string::npos)
        << text;
    EXPECT_NE(text.find("850 ms lost"), std::string::npos) << text;
    expect_fits(text);
}

TEST(PrintCall, ShowsTheNewestOfTheIncidentAndEachStepOfADispatch) {
    auto document = call_detail();
    document["incidents"] = {{{"rev", 1}, {"type", "TROUBLE"}, {"priority", 2}, {"place", ""}, {"questions", 0}},
                             {{"rev", 2},
                              {"type", "FSTRU"},
                              {"also", "TRAUMA"},
                              {"priority", 1},
                              {"place", "1234 OAK ST"},
                              {"place_known", true},
                              {"differ", true},
                              {"questions", 2}}};
    document["dispatches"] = {{{"offset_ms", 9'000},
                               {"number", 1},
                               {"state", "proposed"},
                               {"rule", "place_and_type"},
                               {"type", "FSTRU"},
                               {"incomplete", true},
                               {"actor", "daemon"}}};
    const auto text = print_call(document, Look{});
    EXPECT_NE(text.find("incident    FSTRU, priority 1, also TRAUMA"), std::string::npos) << text;
    EXPECT_NE(text.find("place       1234 OAK ST\n"), std::string::npos) << text;
    EXPECT_NE(text.find("different things"), std::string::npos) << text;
    EXPECT_NE(text.find("proposed"), std::string::npos) << text;
    EXPECT_NE(text.find("FSTRU, place_and_type, incomplete, by daemon"), std::string::npos) << text;
    EXPECT_EQ(text.find("TROUBLE"), std::string::npos) << text;
    expect_fits(text);
}

TEST(PrintCall, LongWordsStayInsideTheColumns) {
    auto document = call_detail();
    document["utterances"][0]["text"] = std::string(500, 'x') + " " + std::string(300, 'y');
    document["call"]["attestation"] = std::string(200, 'z');
    expect_fits(print_call(document, Look{}));
}

TEST(PrintCall, ColoursOnlyWhenAsked) {
    EXPECT_EQ(print_call(call_detail(), Look{}).find('\x1b'), std::string::npos);
    EXPECT_NE(print_call(call_detail(), Look{true, Zone::utc}).find("\x1b[36mcaller\x1b[0m"),
              std::string::npos);
}

Json event(std::string_view kind, Json more = Json::object()) {
    Json document{
        {"v", 1}, {"kind", kind}, {"call", k_sid}, {"utc_ms", k_utc_ms + 120}, {"offset_ms", 1200}};
    document.update(more);
    return document;
}

TEST(PrintFeed, TellsACallLineByLine) {
    FeedPrinter printer(Look{}, Detail::normal);
    std::string text =
        printer.print(Json{{"kind", "hello"}, {"version", "0.1.0"}, {"site_id", "site-1"}});
    text += printer.print(event("ringing", {{"rung", "openai"}}));
    text += printer.print(event("stream_started", {{"detail", "MZ1"}}));
    text += printer.print(event("voice", {{"detail", "connecting"}}));
    text += printer.print(event("greeting", {{"detail", "greeting"}}));
    text += printer.print(event("speech_started"));
    text += printer.print(event("utterance", {{"speaker", "caller"}, {"text", "Help!\x1b[2J"}}));
    text += printer.print(event("interruption", {{"played_ms", 850}, {"total_ms", 3400}}));
    text += printer.print(event("utterance", {{"speaker", "voice"},
                                              {"text", "Where are you?"},
                                              {"played_ms", 850},
                                              {"total_ms", 3400},
                                              {"response_ms", 412}}));
    text += printer.print(event("dtmf", {{"text", "0"}}));
    text += printer.print(event("seam", {{"detail", "gap: late"}}));
    text += printer.print(event("transfer", {{"detail", "person_asked: keypad"}}));
    text += printer.print(Json{{"kind", "missed"}, {"count", 7}});
    text += printer.print(event("ended", {{"detail", "stop"}, {"offset_ms", 72'300}}));
    EXPECT_EQ(
        text,
        "following holdfastd 0.1.0 at site-1\n"
        "2026-09-21 UTC\n"
        "14:13:20.120  CA…1234  ringing  on rung openai\n"
        "14:13:20.120  CA…1234  stream   started MZ1\n"
        "14:13:20.120  CA…1234  greeting from memory\n"
        "14:13:20.120  CA…1234  caller   \"Help!\\x1b[2J\"\n"
        "14:13:20.120  CA…1234  cut      caller spoke into the answer: 850 of 3400 ms heard\n"
        "14:13:20.120  CA…1234  voice    \"Where are you?\" (850 of 3400 ms heard) (after 412 ms)\n"
        "14:13:20.120  CA…1234  key      \"0\"\n"
        "14:13:20.120  CA…1234  seam     gap: late\n"
        "14:13:20.120  CA…1234  person   person_asked: keypad\n"
        "7 events missed: this reader is too slow\n"
        "14:13:20.120  CA…1234  ended    stop after 1 min 12 s\n");
    expect_fits(text);
}

TEST(PrintFeed, VerboseShowsEveryKindAlsoUnknownOnes) {
    FeedPrinter printer(Look{}, Detail::everything);
    printer.print(event("ringing"));
    EXPECT_EQ(printer.print(event("voice", {{"detail", "connecting"}})),
              "14:13:20.120  CA…1234  session  connecting\n");
    EXPECT_EQ(printer.print(event("speech_started")), "14:13:20.120  CA…1234  speech   begins\n");
    EXPECT_EQ(printer.print(event("dispatch", {{"detail", "proposed"}})),
              "14:13:20.120  CA…1234  dispatch proposed\n");
}

TEST(PrintFeed, WrapsLongWordsUnderTheText) {
    FeedPrinter printer(Look{}, Detail::normal);
    std::string words;
    for (int i = 0; i < 30; ++i) words += "word ";
    const auto text = printer.print(event("utterance", {{"speaker", "caller"}, {"text", words}}));
    expect_fits(text);
    EXPECT_NE(text.find("\n                                word"), std::string::npos) << text;
}

TEST(PrintFeed, ANewDayIsSaid) {
    FeedPrinter printer(Look{}, Detail::normal);
    printer.print(event("ringing"));
    EXPECT_EQ(
        printer.print(event("ringing", {{"utc_ms", k_utc_ms + 86'400'000}, {"rung", "openai"}})),
        "2026-09-22 UTC\n14:13:20.000  CA…1234  ringing  on rung openai\n");
}

TEST(PrintChecked, IsFileLineColumnKeyProblem) {
    const Checked checked{"holdfast.yaml",
                          "configuration",
                          {{"holdfast.yaml", 3, 7, "openai.modle", "unknown key", "openai.model"},
                           {"/etc/key", 0, 0, "", "file is empty", ""}},
                          {},
                          {}};
    EXPECT_EQ(print_checked(checked, Look{}),
              "holdfast.yaml:3:7: openai.modle: unknown key (expected openai.model)\n"
              "/etc/key: file is empty\n"
              "holdfast.yaml: configuration, 2 problems\n");
    const auto document = Json::parse(checked_json(checked));
    EXPECT_EQ(document["good"], false);
    EXPECT_EQ(document["problems"][0]["line"], 3);
}

TEST(PrintChecked, SaysWhenAllIsGood) {
    const Checked checked{"holdfast.db", "journal", {}, {"12 calls"}, {}};
    EXPECT_EQ(print_checked(checked, Look{}), "  12 calls\nholdfast.db: journal, good\n");
    EXPECT_EQ(Json::parse(checked_json(checked))["good"], true);
}

TEST(PrintSync, SaysHowFarTheDatabaseIsAndWhy) {
    Json document{{"sync", {{"state", "off"}}}};
    EXPECT_EQ(print_sync(document, Look{}), "off: there is no mongodb_uri, everything stays on this box\n");
    document["sync"] = {{"state", "behind"},
                      {"reason", "unreachable"},
                      {"code", 0},
                      {"rows_waiting", 12},
                      {"bytes_waiting", 7'200},
                      {"waiting", {{"call", 2}, {"transcript", 10}, {"audit", 0}}},
                      {"oldest_utc_ms", 1'790'000'000'000},
                      {"last_success_utc_ms", nullptr},
                      {"rows_delivered", 3},
                      {"rows_refused", 1}};
    EXPECT_EQ(print_sync(document, Look{}),
              "behind: unreachable\n  call: 2 wait\n  transcript: 10 wait\n  about 7.0 KiB in all\n  the oldest since 2026-09-21T14:13:20Z\n"
              "  since the start: 3 delivered, 1 refused\n");
    const auto rows = print_sync(document, Look{});
    document["sync"]["audio"] = {{"state", "off"}, {"waiting", 0}};
    EXPECT_EQ(print_sync(document, Look{}), rows);
    document["sync"]["audio"] = {{"state", "behind"}, {"reason", "server"}, {"code", 91}, {"waiting", 4}, {"oldest_utc_ms", 1'790'000'000'000},
                                 {"delivered", 7},    {"refused", 1},       {"purged", 2}};
    EXPECT_EQ(print_sync(document, Look{}),
              rows + "  audio: 4 recordings wait, the oldest since 2026-09-21T14:13:20Z; 7 delivered, 1 refused, 2 purged before; "
                     "behind: server (code 91)\n");
}

TEST(PrintDeadLetters, ShowTheServersWordsAndDriveNoTerminal) {
    EXPECT_EQ(print_dead_letters(Json::parse(R"({"dead_letters":[]})"), Look{}), "no dead letters\n");
    const Json letters{{"dead_letters",
                        {{{"id", 42},
                          {"utc_ms", 1'790'000'000'000},
                          {"target", "mongodb"},
                          {"key", "transcript/CA1:g:7"},
                          {"attempts", 1},
                          {"reason", "Document failed \x1b[31mvalidation (code 121)"}}}}};
    const auto text = print_dead_letters(letters, Look{});
    EXPECT_NE(text.find("42  mongodb  transcript/CA1:g:7\n"), std::string::npos) << text;
    EXPECT_NE(text.find("1 tries: Document failed"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace holdfast::ctl
