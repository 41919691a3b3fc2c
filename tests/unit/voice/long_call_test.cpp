// T26: a call of four hours, in virtual time, through the roll-overs of its sessions. The caller's audio
// is numbered, so that what reached each session can be checked piece by piece.
#include "voice_fixture.hpp"

#include "config/limits.hpp"

#include <gmock/gmock.h>

#include <cstdio>

namespace holdfast::test {
namespace {

constexpr std::int64_t k_piece_ms = 100;
constexpr std::int64_t k_onset_ms = 600;  // what a successor hears again in a quiet moment

std::string numbered(std::int64_t n) {
    std::string piece = audio(k_piece_ms / 3 * 3);
    piece.resize(static_cast<std::size_t>(k_piece_ms) * 8 / 3 * 4 + 4, '/');
    piece[piece.size() - 2] = piece[piece.size() - 1] = '=';  // 800 bytes are not a multiple of 3
    piece[piece.size() - 3] = 'w';
    char digits[16];
    std::snprintf(digits, sizeof digits, "%08lld", static_cast<long long>(n));
    return piece.replace(0, 8, digits);
}

class LongCall : public VoiceFixture {
  protected:
    // What one session has been given so far; its record is emptied, or four hours would not fit.
    struct Heard {
        std::int64_t first = -1;
        std::int64_t next = -1;
        std::size_t items = 0;
        std::size_t item_bytes = 0;
    };

    void collect() {
        heard.resize(provider.sockets.size());
        for (std::size_t i = 0; i < heard.size(); ++i) {
            Heard& h = heard[i];
            for (const json& event : provider.sockets[i]->sent) {
                if (event["type"] == "conversation.item.create" && h.first < 0) {
                    ++h.items;
                    h.item_bytes += event["item"]["content"][0]["text"].get_ref<const std::string&>().size();
                }
                if (event["type"] != "input_audio_buffer.append") continue;
                const auto n = std::stoll(event["audio"].get_ref<const std::string&>().substr(0, 8));
                if (h.first < 0) h.first = h.next = n;
                ASSERT_EQ(n, h.next) << "session " << i + 1 << " missed audio or heard some twice";
                ++h.next;
            }
            provider.sockets[i]->sent.clear();
        }
    }

    // One piece of caller audio, and the time it took to say it. A session that was asked for opens.
    void step() {
        voice->caller_audio(numbered(given++));
        loop.advance(std::chrono::milliseconds(k_piece_ms));
        if (provider.sockets.size() > configured) provider.configure(*provider.sockets[configured++], 3600);
        ASSERT_TRUE(voice->ready());
        if (given % 600 == 0) collect();
    }
    void listen(std::int64_t milliseconds) {
        for (std::int64_t ms = 0; ms < milliseconds; ms += k_piece_ms) step();
    }
    FakeSocket& live() {
        return provider.sockets.size() > 1 && !provider.sockets[provider.sockets.size() - 2]->is_open
                   ? *provider.sockets.back()
                   : *provider.sockets[provider.sockets.size() < 2 ? 0 : provider.sockets.size() - 2];
    }
    // A question and its answer, 20 s in all. Positions count from the session's first sample.
    void turn() {
        const std::string n = std::to_string(++turns);
        const auto session = static_cast<std::size_t>(provider.sockets.size() - 1);
        collect();
        const std::int64_t from = (given - std::max<std::int64_t>(heard[session].first, 0)) * k_piece_ms;
        live().say(speech_started("u" + n, from));
        listen(3000);
        live().say(speech_stopped("u" + n, from + 3000));
        live().say(committed("u" + n));
        live().say(transcript("u" + n, "question " + n + std::string(400, '.')));
        live().say(response_created("r" + n));
        live().say(delta("r" + n, "a" + n, audio(3000)));
        live().say(audio_done("r" + n, "a" + n));
        live().say(words_done("r" + n, "a" + n, "answer " + n + std::string(400, '.')));
        live().say(response_done("r" + n, "completed"));
        listen(17'000);
    }

    std::vector<Heard> heard;
    std::int64_t given = 0;
    int turns = 0;
    std::size_t configured = 1;
};

TEST_F(LongCall, T26_FourHoursAreLiveThroughoutAndLoseNoAudio) {
    talk(3600);
    const auto began = loop.now();
    std::size_t timers_most = 0;
    while (loop.now() - began < std::chrono::hours(4)) {
        ASSERT_NO_FATAL_FAILURE(turn());
        ASSERT_NO_FATAL_FAILURE(listen(40'000));
        timers_most = std::max(timers_most, loop.timers_waiting());
    }
    collect();

    EXPECT_THAT(recorder.losses, testing::IsEmpty());
    ASSERT_EQ(provider.sockets.size(), 5u) << "renewed after 55, 110, 165 and 220 minutes";
    EXPECT_EQ(recorder.count("stage renewed"), 4u);
    EXPECT_EQ(recorder.count("ready"), 1u) << "the call was never told of a new session";

    // Every piece arrived: in one session, or in the successor as well where it was declared a replay.
    EXPECT_EQ(heard.front().first, 0);
    EXPECT_EQ(heard.back().next, given);
    for (std::size_t i = 1; i < heard.size(); ++i) {
        const std::int64_t again_ms = (heard[i - 1].next - heard[i].first) * k_piece_ms;
        EXPECT_GE(again_ms, 0) << "session " << i + 1 << " began too late";
        EXPECT_LE(again_ms, k_onset_ms) << "session " << i + 1;
    }

    // Every question was written down once and every answer was heard whole.
    EXPECT_EQ(recorder.starting("caller u").size(), static_cast<std::size_t>(turns));
    EXPECT_EQ(recorder.starting("audio a").size(), static_cast<std::size_t>(turns));
    EXPECT_EQ(recorder.starting("audio_done a").size(), static_cast<std::size_t>(turns));
    EXPECT_EQ(recorder.starting("voice a").size(), static_cast<std::size_t>(turns));

    // What is kept of four hours of talk is what limits.hpp says, and no session or timer stays behind.
    for (std::size_t i = 1; i < heard.size(); ++i) {
        EXPECT_GT(heard[i].items, 0u);
        EXPECT_LE(heard[i].items, limits::history_items_max);
        EXPECT_LE(heard[i].item_bytes, limits::history_bytes_max);
        EXPECT_EQ(provider.sockets[i - 1]->closed_with, 1000);
    }
    EXPECT_LE(timers_most, 6u);
    voice->stop("hangup");
    EXPECT_EQ(loop.timers_waiting(), 0u);
}

// He talks without a pause from before the renewal is due until after it is forced: the successor gets
// the 30 s of the ring, no more, and the call is told of one beginning.
TEST_F(LongCall, T26_ACallerWhoNeverPausesIsMovedWithTheRingAndNoMore) {
    talk(3600);
    listen(54 * 60'000);
    live().say(speech_started("u1", given * k_piece_ms));
    listen(6 * 60'000);
    collect();
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_EQ(recorder.count("stage renewed"), 1u);
    EXPECT_EQ(recorder.count("speech_started"), 1u);
    EXPECT_EQ(heard.back().next, given);
    const std::int64_t again_ms = (heard[0].next - heard[1].first) * k_piece_ms;
    EXPECT_GT(again_ms, k_onset_ms);
    EXPECT_LE(again_ms, base::to_ms(limits::caller_ring) + k_piece_ms);
    EXPECT_THAT(recorder.losses, testing::IsEmpty());
}

}  // namespace
}  // namespace holdfast::test
