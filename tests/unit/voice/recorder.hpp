// A VoiceListener that writes down every notice as one line of text.
#pragma once

#include "voice/voice.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace holdfast::test {

class Recorder : public voice::VoiceListener {
  public:
    void on_voice_stage(voice::Stage stage) override { note(std::string("stage ") + voice::to_string(stage)); }
    void on_voice_ready() override { note("ready"); }
    void on_caller_speech_started() override { note("speech_started"); }
    void on_caller_speech_stopped(base::milliseconds wait) override {
        note("speech_stopped " + std::to_string(wait.count()));
    }
    void on_caller_utterance(const voice::CallerUtterance& u) override {
        note("caller " + u.item_id + " [" + std::to_string(u.start_ms) + ".." + std::to_string(u.end_ms) + "] " +
             (u.failed ? "failed" : u.text));
    }
    void on_voice_audio(std::string_view item, std::string_view base64) override {
        note("audio " + std::string(item) + " " + std::to_string(base64.size() / 4 * 3 / 8));
    }
    void on_voice_audio_done(std::string_view item) override { note("audio_done " + std::string(item)); }
    void on_voice_utterance(const voice::VoiceUtterance& u) override {
        note("voice " + u.item_id + (u.complete ? " " : " cut ") + u.text);
    }
    std::string on_incident_reported(const voice::ModelReport& report) override {
        note("report " + report.type + "|" + report.place + "|" + (report.asks_dispatch ? "true" : "false"));
        return R"({"recorded":true})";
    }
    void on_person_requested(std::string_view reason) override { note("person " + std::string(reason)); }
    void on_voice_pulse(const voice::VoicePulse& pulse) override { pulses.push_back(pulse); }
    void on_token_budget(const voice::TokenBudget& budget) override { budgets.push_back(budget); }
    void on_voice_lost(const voice::VoiceLoss& loss) override {
        note("lost " + std::string(loss.reason) + " " + base::to_string(loss.error.condition) + " " +
             loss.error.code);
        losses.push_back(loss);
    }

    std::size_t count(const std::string& line) const {
        return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
    }
    bool has(const std::string& line) const { return count(line) > 0; }
    std::vector<std::string> starting(const std::string& word) const {
        std::vector<std::string> found;
        for (const auto& line : lines) {
            if (line.rfind(word, 0) == 0) found.push_back(line);
        }
        return found;
    }

    std::vector<std::string> lines;
    std::vector<voice::VoiceLoss> losses;
    std::vector<voice::VoicePulse> pulses;
    std::vector<voice::TokenBudget> budgets;
    std::function<void(const std::string&)> on_line;  // to act inside a notice

  private:
    void note(std::string line) {
        lines.push_back(line);
        if (on_line) on_line(line);
    }
};

}  // namespace holdfast::test
