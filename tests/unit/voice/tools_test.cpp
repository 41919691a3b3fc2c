#include "voice/tools.hpp"

#include "config/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace holdfast::voice {
namespace {

std::string refusal(std::string_view name, std::string_view arguments) {
    const auto call = decode_tool(name, arguments);
    return call ? "" : call.error().code;
}

TEST(ToolCodec, ReadsWhyAPersonIsWanted) {
    EXPECT_EQ(decode_tool("transfer_to_person", R"({"reason":"asked \"now\""})")->reason, "asked \"now\"");
    EXPECT_EQ(decode_tool("transfer_to_person", "")->reason, "");
    EXPECT_EQ(decode_tool("transfer_to_person", R"({"reason":null,"mood":1})")->reason, "");
    EXPECT_TRUE(is_transfer("transfer_to_person"));
    EXPECT_FALSE(is_transfer("request_dispatch"));
}

TEST(ToolCodec, CutsALongReasonBetweenCharacters) {
    std::string reason = "x";
    for (int i = 0; i < 400; ++i) reason += "\xc3\xa4";
    const auto call = decode_tool("transfer_to_person", R"({"reason":")" + reason + "\"}");
    ASSERT_TRUE(call);
    EXPECT_EQ(call->reason.size(), 499u);
}

TEST(ToolCodec, ReadsWhatHasHappenedAndWhere) {
    const auto report = decode_tool("report_incident", R"({"type":"FSTRU","location":"12 Oak Street"})");
    ASSERT_TRUE(report);
    EXPECT_EQ(report->tool, Tool::report);
    EXPECT_EQ(report->report.type, "FSTRU");
    EXPECT_EQ(report->report.place, "12 Oak Street");
    EXPECT_FALSE(report->report.asks_dispatch);
    const auto wish = decode_tool("request_dispatch", "{}");
    ASSERT_TRUE(wish);
    EXPECT_TRUE(wish->report.asks_dispatch);
}

TEST(ToolCodec, O24_RefusesWhatTheToolDoesNotTake) {
    for (const char* name : {"transfer_to_person", "report_incident", "request_dispatch"}) {
        for (const char* arguments : {"{\"reas", "[]", "7", "null", R"({"reason":1})", R"({"type":{"a":"b"}})",
                                      R"({"location":["x"]})", "\xff"}) {
            EXPECT_EQ(refusal(name, arguments), "arguments") << name << " " << arguments;
        }
        EXPECT_EQ(refusal(name, std::string(limits::tool_arguments_bytes_max + 1, ' ')), "arguments");
    }
    EXPECT_EQ(refusal("report_incident", "{}"), "arguments") << "nothing to write down";
    EXPECT_EQ(refusal("report_incident", R"({"type":"a code; and words"})"), "arguments");
    EXPECT_EQ(refusal("report_incident", R"({"type":"AAAAAAAAAAAAAAAAA"})"), "arguments");
    EXPECT_EQ(refusal("report_incident", R"({"location":")" + std::string(k_tool_place_bytes_max + 1, 'x') + "\"}"), "arguments");
}

TEST(ToolCodec, O25_NothingCanBeTakenBack) {
    for (const char* name : {"cancel_dispatch", "close_incident", "delete_call", "stop_units", "end_call", "lower_priority"}) {
        EXPECT_EQ(refusal(name, "{}"), "forbidden") << name;
    }
    EXPECT_EQ(refusal("launch_rocket", "{}"), "unknown");
    EXPECT_EQ(refusal("", ""), "unknown");
}

TEST(ToolCodec, AreDefinedAsTheProtocolTakesThem) {
    const auto tools = nlohmann::json::parse(tool_definitions());
    std::vector<std::string> names;
    for (const auto& tool : tools) {
        EXPECT_EQ(tool["type"], "function");
        EXPECT_EQ(tool["parameters"]["additionalProperties"], false);
        EXPECT_FALSE(tool["description"].get<std::string>().empty());
        names.push_back(tool["name"]);
    }
    EXPECT_THAT(names, testing::ElementsAre("transfer_to_person", "report_incident", "request_dispatch"));
}

}  // namespace
}  // namespace holdfast::voice
