// SPDX-License-Identifier: MIT
// Stories are sentences with slots. A story casts its people and things once and uses them throughout, so names
// recur: that is what a small model can learn to carry over.
// Slots: {A} {B} names, {a} {b} the same person as he/she, {As} his/her of A, {k} kind of animal of B, {thing}
// {colour} {place} {home} {food} {time} {weather} {feel} {sound}. Two forms of a slot never mean two things.
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "core/train/grammar.h"

namespace orrery::train {

namespace {

struct Person {
  std::string_view name;
  bool female;
};
constexpr std::array<Person, 20> kPeople = {{{"Mara", true},  {"Tobin", false}, {"Lily", true},  {"Oskar", false},
                                             {"Nina", true},  {"Felix", false}, {"Ada", true},   {"Hugo", false},
                                             {"Rosa", true},  {"Emil", false},  {"Zoë", true},   {"José", false},
                                             {"Clara", true}, {"Ben", false},   {"Ivy", true},   {"Jonas", false},
                                             {"Anna", true},  {"Max", false},   {"Greta", true}, {"Paul", false}}};
constexpr std::array<std::string_view, 14> kAnimals = {"fox",      "bear",  "owl",  "mouse", "rabbit",
                                                       "hedgehog", "frog",  "duck", "robin", "turtle",
                                                       "squirrel", "otter", "goat", "cat"};
constexpr std::array<std::string_view, 18> kThings = {"kite",   "key",   "lantern", "ball",    "boat", "book",
                                                      "basket", "bell",  "drum",    "button",  "map",  "stone",
                                                      "hat",    "shell", "flute",   "feather", "box",  "cup"};
constexpr std::array<std::string_view, 9> kColours = {"red",    "blue",  "green",  "yellow", "silver",
                                                      "golden", "white", "purple", "brown"};
constexpr std::array<std::string_view, 12> kPlaces = {"forest", "river", "garden", "hill",    "meadow", "lake",
                                                      "market", "mill",  "bridge", "harbour", "tower",  "beach"};
constexpr std::array<std::string_view, 8> kHides = {"under a bush",    "behind the old wall", "in a hollow tree",
                                                    "under a bench",   "next to the well",    "in the tall grass",
                                                    "behind a barrel", "on the window sill"};
constexpr std::array<std::string_view, 10> kFoods = {"bread", "soup",   "apples", "honey", "cake",
                                                     "pears", "cheese", "nuts",   "tea",   "berries"};
constexpr std::array<std::string_view, 6> kTimes = {"morning", "afternoon", "evening", "day", "night", "spring day"};
constexpr std::array<std::string_view, 8> kWeathers = {"sunny", "rainy", "windy", "cold",
                                                       "warm",  "foggy", "quiet", "snowy"};
constexpr std::array<std::string_view, 8> kFeelings = {"happy",   "sad",    "tired", "proud",
                                                       "curious", "afraid", "brave", "hungry"};

constexpr std::array<std::string_view, 7> kOpenings = {
    "One {weather} {time}, {A} went to the {place}.",
    "Once there was a {k} who lived near the {place}. The name of the {k} was {B}. {A} was {Bs} best friend.",
    "It was a {weather} {time}, and {A} was at the {place} with {As} friend {B}.",
    "{A} had a {colour} {thing}. {A} took the {colour} {thing} to the {place} every {time}.",
    "Every {time}, {A} and {B} met at the {place}.",
    "{A} was {feel} because it was a {weather} {time}.",
    "Long ago, {A} lived in a small house by the {place} and had a {k} called {B}."};
constexpr std::array<std::string_view, 7> kMeetings = {
    "There {a} met {B} the {k}. \"Good {hello}, {B},\" said {A}. \"Good {hello}, {A},\" said {B}.",
    "{B} the {k} came along and looked {feel}.",
    "\"Will you play with me?\" asked {A}. \"Yes,\" said {B}, \"I will play with you.\"",
    "{B} carried {food} in a basket.",
    "On the way {a} saw a {k}. The {k} was called {B}, and {B} was very {feel}.",
    "\"What a {weather} {time},\" said {B} the {k}.",
    "{A} and {B} sat down and ate some {food}."};
constexpr std::array<std::string_view, 8> kProblems = {
    "But {A} could not find the {colour} {thing}. \"Where is my {colour} {thing}?\" asked {A}.",
    "Then the wind took the {colour} {thing} away. \"Oh no, my {thing}!\" cried {A}.",
    "\"I have lost my {colour} {thing},\" said {B}. \"Can you help me, {A}?\"",
    "Then {A} heard a sound. Something {colour} lay {hide}. It was a {thing}.",
    "{B} wanted the {colour} {thing}, but {A} wanted the {colour} {thing} too.",
    "The {colour} {thing} fell into the {place2}. {A} did not know what to do.",
    "An old {k2} stood at the {place2}. \"I am looking for a {colour} {thing},\" said the old {k2}.",
    "It began to rain, and the {colour} {thing} got wet."};
constexpr std::array<std::string_view, 8> kSearches = {
    "They looked {hide}, but the {thing} was not there.",
    "They asked the {k2}. \"I saw a {colour} {thing} {hide},\" said the {k2}.",
    "{A} looked in the {place}, and {B} looked at the {place2}.",
    "\"Do not be {feel2}, {A},\" said {B}. \"We will find a way.\"",
    "\"I think it is {hide},\" said {B} the {k}.",
    "{A} thought for a while. Then {a} had an idea.",
    "{B} ran to the {place2} and came back with the {k2}.",
    "They walked all the way from the {place} to the {place2}."};
constexpr std::array<std::string_view, 7> kSolutions = {
    "At last {A} found the {colour} {thing} {hide}. \"Here is the {colour} {thing}!\" said {A}.",
    "Then {B} saw the {thing} {hide}. \"Look, {A}, a {colour} {thing}!\" said {B}.",
    "The {k2} gave the {colour} {thing} to {A}. \"Thank you, {k2},\" said {A}.",
    "So {A} and {B} shared the {colour} {thing}.",
    "{A} pulled and {B} pushed, and soon the {colour} {thing} was safe.",
    "\"Take my {colour} {thing},\" said {B}, and {A} was {feel}.",
    "{A} gave the {colour} {thing} to {B}. \"Thank you, {A},\" said {B}."};
constexpr std::array<std::string_view, 7> kEndings = {
    "{A} and {B} went home and ate {food}.",
    "From then on {A} and {B} were good friends.",
    "That {time}, {A} fell asleep with the {colour} {thing} in {As} hand.",
    "{A} was {feel2} no more, and {B} the {k} laughed.",
    "\"Good night, {B},\" said {A}. \"Good night, {A},\" said {B}.",
    "{B} sang a song, and {A} ate the last of the {food}.",
    "And {A} never forgot the {weather} {time} at the {place}."};

using Cast = std::map<std::string_view, std::string_view>;

template <class Range> std::string_view other(Random& random, const Range& range, std::string_view than) {
  std::string_view found = than;
  while (found == than) found = random.pick(range);
  return found;
}

void castPeople(Random& random, Cast& cast) {
  const Person& first = random.pick(kPeople);
  const Person* second = &first;
  while (second == &first) second = &random.pick(kPeople);
  cast["A"] = first.name;
  cast["a"] = first.female ? "she" : "he";
  cast["As"] = first.female ? "her" : "his";
  cast["B"] = second->name;
  cast["Bs"] = second->female ? "her" : "his";
}

Cast makeCast(Random& random) {
  Cast cast;
  castPeople(random, cast);
  cast["k"] = random.pick(kAnimals);
  cast["k2"] = other(random, kAnimals, cast["k"]);
  cast["thing"] = random.pick(kThings);
  cast["colour"] = random.pick(kColours);
  cast["place"] = random.pick(kPlaces);
  cast["place2"] = other(random, kPlaces, cast["place"]);
  cast["hide"] = random.pick(kHides);
  cast["food"] = random.pick(kFoods);
  cast["time"] = random.pick(kTimes);
  cast["hello"] = cast["time"] == "spring day" || cast["time"] == "night" ? "day" : cast["time"];
  cast["weather"] = random.pick(kWeathers);
  cast["feel"] = random.pick(kFeelings);
  cast["feel2"] = other(random, kFeelings, cast["feel"]);
  return cast;
}

// "a" before a slot whose word begins with a vowel becomes "an".
void fixArticle(std::string& text, std::string_view word) {
  const bool vowel = !word.empty() && std::string_view("aeio").find(word.front()) != std::string_view::npos;
  const std::size_t size = text.size();
  if (vowel && size >= 3 && (text.ends_with(" a ") || text.ends_with("\"a "))) text.insert(size - 1, 1, 'n');
}

std::string fill(std::string_view sentence, const Cast& cast) {
  std::string text;
  while (!sentence.empty()) {
    const std::size_t open = sentence.find('{');
    text += sentence.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = sentence.find('}', open);
    const std::string_view word = cast.at(sentence.substr(open + 1, close - open - 1));
    fixArticle(text, word);
    text += word;
    sentence.remove_prefix(close + 1);
  }
  return text;
}

} // namespace

std::string makeStory(Random& random) {
  const Cast cast = makeCast(random);
  std::string text = fill(random.pick(kOpenings), cast);
  const auto say = [&](const auto& sentences) {
    text += ' ';
    text += fill(random.pick(sentences), cast);
  };
  say(kMeetings);
  say(kProblems);
  for (int searches = random.between(0, 2); searches > 0; --searches) say(kSearches);
  say(kSolutions);
  say(kEndings);
  text += " The end.\n";
  return text;
}

} // namespace orrery::train
