#include "twiml_reader.hpp"

#include <gtest/gtest.h>

namespace holdfast::sim {
namespace {

const std::string k_good = R"(<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <!-- the stream -->
  <Connect><Stream url="wss://edge.psap.example/ws/media"><Parameter name="token" value="a&amp;b&#x41;"/></Stream></Connect>
  <Say voice='alice'>Please stay &lt;here&gt;.</Say>
  <Dial timeout="30" answerOnBridge="true"><Number>+15550100199</Number></Dial>
  <Hangup/>
</Response>)";

std::string code_of(const std::string& twiml, bool plain = false) {
    const auto parsed = parse_twiml(twiml, plain);
    return parsed ? "good" : parsed.error().code;
}

std::string response(const std::string& inside) {
    return "<Response>" + inside + "</Response>";
}

TEST(TwimlReader, ReadsVerbsAttributesAndEntities) {
    const auto twiml = parse_twiml(k_good, false);
    ASSERT_TRUE(twiml) << twiml.error().detail;
    ASSERT_EQ(twiml->children.size(), 4u);
    const auto& stream = twiml->children[0].children[0];
    EXPECT_EQ(*stream.attribute("url"), "wss://edge.psap.example/ws/media");
    EXPECT_EQ(*stream.children[0].attribute("value"), "a&bA");
    EXPECT_EQ(describe_verb(twiml->children[1]), "say Please stay <here>.");
    EXPECT_EQ(describe_verb(twiml->children[2]), "dial +15550100199");
    EXPECT_EQ(describe_verb(twiml->children[3]), "hangup");
}

TEST(TwimlReader, RefusesXmlThatIsNotWellFormed) {
    for (const char* text :
         {"", "<Response>", "<Response></response>", "<Response/><Response/>", "<Response/>x",
          "<Response a=1/>", "<Response><Say>a & b</Say></Response>",
          "<Response><Say>&nbsp;</Say></Response>", "<Response><Say a='1' a='2'/></Response>",
          "<!DOCTYPE x><Response/>", "<Response><?php ?></Response>",
          "<Response><Say>\x01</Say></Response>", "<Response><Say>&#0;</Say></Response>",
          "<Response><Say loop=\"<\"/></Response>", "<Response><Say>\xff</Say></Response>",
          " \xef\xbb\xbf<Response/>"}) {
        EXPECT_EQ(code_of(text), "12100") << text;
    }
}

TEST(TwimlReader, KnowsWhichVerbsAndAttributesThereAre) {
    EXPECT_EQ(code_of(response(
                  "<Say>x</Say><Pause "
                  "length='2'/><Play>https://a.example/x.wav</Play><Redirect>/next</Redirect>")),
              "good");
    EXPECT_EQ(code_of("<response/>"), "12100");
    EXPECT_EQ(code_of(response("<say>x</say>")), "12100");
    EXPECT_EQ(code_of(response("<Say voce='x'>x</Say>")), "12100");
    EXPECT_EQ(code_of(response("<Number>+1</Number>")), "12100");
    EXPECT_EQ(code_of(response("<Pause>text</Pause>")), "12100");
    EXPECT_EQ(code_of(response("<Dial/>")), "12100");
}

TEST(TwimlReader, RefusesStreamsThatCouldNeverWork) {
    const auto stream = [](const std::string& attributes) {
        return response("<Connect><Stream " + attributes + "/></Connect>");
    };
    EXPECT_EQ(code_of(stream("url='wss://h/p'")), "good");
    EXPECT_EQ(code_of(stream("url='ws://h/p'")), "31922");
    EXPECT_EQ(code_of(stream("url='ws://h/p'"), true), "good");
    EXPECT_EQ(code_of(stream("url='wss://h/p?token=1'")), "31920");
    EXPECT_EQ(code_of(stream("url='wss://h/p' track='both_tracks'")), "31941");
    EXPECT_EQ(code_of(stream("url='wss://h/p' audioFormat='x'")), "12100");
    EXPECT_EQ(code_of(stream("")), "12100");
    const std::string longest(480, 'x');
    EXPECT_EQ(code_of(response("<Connect><Stream url='wss://h/p'><Parameter name='n' value='" +
                               longest + "'/></Stream></Connect>")),
              "good");
    EXPECT_EQ(code_of(response("<Connect><Stream url='wss://h/p'><Parameter name='n' value='" +
                               longest + longest + "'/></Stream></Connect>")),
              "12100");
}

TEST(TwimlReader, SurvivesEveryPrefixAndDepth) {
    for (std::size_t n = 0; n < k_good.size(); ++n)
        EXPECT_NE(code_of(k_good.substr(0, n)), "good") << n;
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += "<Say>";
    EXPECT_EQ(code_of(response(deep)), "12100");
}

}  // namespace
}  // namespace holdfast::sim
