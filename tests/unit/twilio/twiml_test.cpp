#include "twilio/twiml.hpp"

#include "base/text.hpp"

#include <gtest/gtest.h>

namespace holdfast::twilio {
namespace {

const std::string k_open = R"(<?xml version="1.0" encoding="UTF-8"?><Response>)";

PersonVerbs person() {
    PersonVerbs verbs;
    verbs.sentence = "Please stay on the line.";
    verbs.number = "+15550199";
    return verbs;
}

StreamVerbs stream() {
    StreamVerbs verbs;
    verbs.url = "wss://edge.psap.example/ws/media";
    verbs.name = "holdfast-1";
    verbs.status_callback = "https://edge.psap.example/api/webhooks/status";
    verbs.parameters = {{"token", "abc"}, {"from", "+15550100"}};
    return verbs;
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t n = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++n;
    return n;
}

TEST(Twiml, StreamDocumentIsTheDocumentedSkeleton) {
    EXPECT_EQ(stream_document(stream(), person()),
              k_open +
                  R"(<Connect><Stream url="wss://edge.psap.example/ws/media" name="holdfast-1")"
                  R"( statusCallback="https://edge.psap.example/api/webhooks/status">)"
                  R"(<Parameter name="token" value="abc"/><Parameter name="from" value="+15550100"/>)"
                  R"(</Stream></Connect><Say>Please stay on the line.</Say>)"
                  R"(<Dial timeout="30" answerOnBridge="true"><Number>+15550199</Number></Dial></Response>)");
}

TEST(Twiml, PersonDocumentSaysAndDials) {
    auto verbs = person();
    verbs.caller_id = "+15550198";
    verbs.timeout_s = 45;
    EXPECT_EQ(person_document(verbs),
              k_open +
                  R"(<Say>Please stay on the line.</Say><Dial timeout="45" answerOnBridge="true" callerId="+15550198">)"
                  R"(<Number>+15550199</Number></Dial></Response>)");
}

TEST(Twiml, TheDialAsksForWhatFollowsItAndThePersonHearsAWhisper) {
    auto verbs = person();
    verbs.action = "https://edge.psap.example/api/webhooks/next";
    verbs.whisper = "https://edge.psap.example/api/webhooks/whisper?call=CA1&n=2";
    EXPECT_EQ(person_document(verbs),
              k_open +
                  R"(<Say>Please stay on the line.</Say><Dial timeout="30" answerOnBridge="true")"
                  R"( action="https://edge.psap.example/api/webhooks/next">)"
                  R"(<Number url="https://edge.psap.example/api/webhooks/whisper?call=CA1&amp;n=2">+15550199</Number>)"
                  R"(</Dial></Response>)");
}

TEST(Twiml, ASipAddressIsDialledAsOne) {
    auto verbs = person();
    for (const std::string address : {"sip:queue@psap.example;transport=tls", "sips:queue@psap.example", "SIP:q@x.example"}) {
        verbs.number = address;
        EXPECT_NE(person_document(verbs).find("<Sip>" + address + "</Sip></Dial>"), std::string::npos);
        EXPECT_EQ(person_document(verbs).find("<Number"), std::string::npos);
    }
    verbs.number = "sip";
    EXPECT_NE(person_document(verbs).find("<Number>sip</Number>"), std::string::npos);
}

TEST(Twiml, TheFallbackAsksNothingOfTheBoxAndDialsAgain) {
    auto verbs = person();
    verbs.action = "https://edge.psap.example/api/webhooks/next";
    verbs.whisper = "https://edge.psap.example/api/webhooks/whisper";
    const auto document = fallback_document(verbs);
    EXPECT_EQ(document.find("edge.psap.example"), std::string::npos);
    EXPECT_EQ(document.find("action="), std::string::npos);
    EXPECT_EQ(document.find(k_open + "<Say>Please stay on the line.</Say><Dial"), 0u);
    EXPECT_EQ(count(document, "<Number>+15550199</Number></Dial>"), 3u);
}

TEST(Twiml, TheFallbackWithoutANumberHoldsTheLineAsLongAsTheBoxWould) {
    auto verbs = person();
    verbs.number.clear();
    EXPECT_EQ(fallback_document(verbs), person_document(verbs));
}

TEST(Twiml, X07_AWhisperSpeaksWordsAndNeverObeysThem) {
    EXPECT_EQ(whisper_document("Fire & smoke</Say><Dial>+15550166</Dial>"),
              k_open + "<Say>Fire &amp; smoke&lt;/Say&gt;&lt;Dial&gt;+15550166&lt;/Dial&gt;</Say></Response>");
    EXPECT_EQ(whisper_document(""), k_open + "</Response>");
}

TEST(Twiml, VerbsThatNeedNoDaemonFollowTheStream) {
    for (const auto& number : {std::string(), std::string("+15550199")}) {
        auto verbs = person();
        verbs.number = number;
        const auto document = stream_document(stream(), verbs);
        EXPECT_NE(document.find("</Connect><Say>"), std::string::npos);
        EXPECT_EQ(document.find("action="), std::string::npos);
        EXPECT_EQ(document.find("<Redirect"), std::string::npos);
        EXPECT_EQ(document.find("<Reject"), std::string::npos);
    }
}

TEST(Twiml, WithoutANumberTheLineIsHeld) {
    auto verbs = person();
    verbs.number.clear();
    const auto document = person_document(verbs);
    EXPECT_EQ(document.find("<Dial"), std::string::npos);
    EXPECT_GE(count(document, "<Say>Please stay on the line.</Say><Pause length=\"30\"/>"), 4u);
    EXPECT_EQ(document.find(k_open + "<Say>"), 0u);
}

TEST(Twiml, WithoutASentenceTheVerbsStillServe) {
    auto verbs = person();
    verbs.sentence.clear();
    EXPECT_EQ(person_document(verbs).find("<Say>"), std::string::npos);
    EXPECT_NE(person_document(verbs).find("<Dial"), std::string::npos);
    verbs.number.clear();
    EXPECT_NE(person_document(verbs).find("<Pause"), std::string::npos);
}

TEST(Twiml, RingTimeStaysInTwiliosRange) {
    auto verbs = person();
    for (const auto& [given, written] : {std::pair{-1, "5"}, {0, "5"}, {30, "30"}, {600, "600"}, {100'000, "600"}}) {
        verbs.timeout_s = given;
        EXPECT_NE(person_document(verbs).find("timeout=\"" + std::string(written) + "\""), std::string::npos);
    }
}

TEST(Twiml, OptionalAttributesAreLeftOut) {
    auto verbs = stream();
    verbs.name.clear();
    verbs.status_callback.clear();
    verbs.parameters.clear();
    const auto document = stream_document(verbs, person());
    EXPECT_NE(document.find(R"(<Stream url="wss://edge.psap.example/ws/media"></Stream>)"), std::string::npos);
}

TEST(Twiml, X07_HostileNumbersStayInsideTheirAttribute) {
    auto verbs = stream();
    const std::string hostile = R"("/></Stream></Connect><Dial>+15550166</Dial><!-- & ' ]]>)";
    verbs.parameters = {{"from", hostile}, {hostile, "x"}};
    const auto document = stream_document(verbs, person());
    EXPECT_EQ(count(document, "<Dial"), 1u);
    EXPECT_EQ(count(document, "</Connect>"), 1u);
    EXPECT_EQ(document.find("<!--"), std::string::npos);
    EXPECT_NE(document.find("&quot;/&gt;&lt;/Stream&gt;"), std::string::npos);
}

TEST(Twiml, X07_DialTargetIsTheConfiguredOne) {
    auto verbs = stream();
    verbs.parameters = {{"from", "+15550166"}, {"to", "+15550167"}};
    const auto document = stream_document(verbs, person());
    EXPECT_NE(document.find("<Number>+15550199</Number>"), std::string::npos);
    EXPECT_EQ(count(document, "+15550166"), 1u);
}

TEST(Twiml, StaysUnder64KilobytesWhateverItIsGiven) {
    for (const std::string& unit : {std::string("\""), std::string("x"), std::string("\xf0\x9f\x94\xa5"), std::string("\n")}) {
        std::string huge;
        while (huge.size() < 200'000) huge += unit;
        StreamVerbs s;
        s.url = s.name = s.status_callback = huge;
        s.parameters.assign(500, {huge, huge});
        for (const auto& number : {std::string(), huge}) {
            PersonVerbs p;
            p.sentence = p.caller_id = p.action = p.whisper = huge;
            p.number = number;
            EXPECT_LT(fallback_document(p).size(), 64u * 1024u);
            EXPECT_LT(whisper_document(huge).size(), 64u * 1024u);
            const auto document = stream_document(s, p);
            EXPECT_LT(document.size(), 64u * 1024u);
            EXPECT_TRUE(base::is_utf8(document));
            EXPECT_EQ(document.substr(document.size() - 11), "</Response>");
        }
    }
}

TEST(XmlEscape, EscapesTheFiveAndKeepsWhiteSpaceApart) {
    EXPECT_EQ(xml_escape(R"(a&b<c>d"e'f)"), "a&amp;b&lt;c&gt;d&quot;e&apos;f");
    EXPECT_EQ(xml_escape("a\tb\nc\rd"), "a&#9;b&#10;c&#13;d");
    EXPECT_EQ(xml_escape(""), "");
}

TEST(XmlEscape, LeavesOutWhatXmlDoesNotAllow) {
    EXPECT_EQ(xml_escape(std::string_view("a\0b", 3)), "ab");
    EXPECT_EQ(xml_escape("a\x01\x1f\x1b[31mb"), "a[31mb");
    EXPECT_EQ(xml_escape("a\xff\xc3"), "a");                       // not UTF-8
    EXPECT_EQ(xml_escape("a\xed\xa0\x80z"), "az");                 // a surrogate
    EXPECT_EQ(xml_escape("a\xef\xbf\xbe\xef\xbf\xbfz"), "az");     // U+FFFE, U+FFFF
    EXPECT_EQ(xml_escape("\xef\xbf\xbd \xf0\x9f\x94\xa5 \xc3\x89"), "\xef\xbf\xbd \xf0\x9f\x94\xa5 \xc3\x89");
}

}  // namespace
}  // namespace holdfast::twilio
