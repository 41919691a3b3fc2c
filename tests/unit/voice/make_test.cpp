#include "voice/realtime/make.hpp"

#include "base/timer.hpp"
#include "fake_provider.hpp"
#include "net/asio_loop.hpp"
#include "recorder.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>

namespace holdfast::test {
namespace {

using voice::realtime::make_realtime_voice;
using voice::realtime::openai_settings;

TEST(MakeRealtimeVoice, RefusesAUrlThatIsNone) {
    config::Config config;
    config.openai.url = "wss://user@api.example/v1";
    const auto settings = openai_settings(config);
    ASSERT_FALSE(settings);
    EXPECT_STREQ(settings.error().code, "url");
}

TEST(MakeRealtimeVoice, RefusesAMissingTrustStore) {
    config::Config config;
    config.openai.ca_file = "/nonexistent/ca.pem";
    EXPECT_FALSE(openai_settings(config));
}

TEST(MakeRealtimeVoice, ReportsThatNobodyListens) {
    net::AsioLoop loop;
    boost::asio::ip::tcp::acceptor bound(loop.io(), {boost::asio::ip::make_address("127.0.0.1"), 0});
    const auto port = bound.local_endpoint().port();
    bound.close();

    config::Config config;
    config.openai.url = "ws://127.0.0.1:" + std::to_string(port) + "/v1/realtime";
    const auto settings = openai_settings(config);
    ASSERT_TRUE(settings) << settings.error().detail;
    Recorder recorder;
    recorder.on_line = [&loop](const std::string& line) {
        if (line.rfind("lost", 0) == 0) loop.stop();
    };
    const auto voice = make_realtime_voice(loop, *settings, call_sid(), recorder);
    base::Timer deadline(loop);
    deadline.arm(std::chrono::seconds(20), [&loop] { loop.stop(); });
    voice->open();
    loop.run();
    ASSERT_EQ(recorder.losses.size(), 1u);
    EXPECT_EQ(recorder.losses[0].reason, "network");
    EXPECT_EQ(recorder.lines.front(), "stage connecting");
}

}  // namespace
}  // namespace holdfast::test
