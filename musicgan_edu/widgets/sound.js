// Sound for every widget: one audio graph a page, recorded instruments, a look-ahead scheduler.
//
// Code map
//   PAGE             what all widgets of a page share: audio context, instruments, who plays now
//   openAudio        the graph: players -> limiter -> soft ceiling -> loudspeaker
//   loadInstruments  decodes the recording once a page, whichever player asks first
//   strike, stroke, tone   one note: recorded, or synthesised where no recording is there
//   Transport        plays a list of notes: start, stop, seek, loop, mute, tempo
// Notes are {track, pitch, onset, duration, velocity}, onset and duration in beats.

/** Shared by every copy of this file in the page, and by the tests (`output` is what is heard). */
const PAGE = (globalThis[Symbol.for("musicgan_edu")] ??= {
  context: null,
  input: null,
  output: null,
  instruments: null,
  loading: null,
  current: null,
});

const AHEAD = 0.12; // seconds that notes are handed over in advance
const AHEAD_HIDDEN = 1.5; // browsers slow the timers of hidden pages down to one a second
const TICK = 25; // ms between looks
const LEAD = 0.08; // seconds before the first note, so that its attack isn't lost
const MAX_VOICES = 64; // beyond a few hundred the audio clock falls behind

/** General MIDI's sixteen families, eight programs each, as instruments of the recording. */
const FAMILIES = "piano mallets organ guitar bass strings choir brass reed flute lead choir strings guitar mallets mallets";
const RELEASE = { piano: 0.12, organ: 0.08, strings: 0.14, choir: 0.14, mallets: 0.3, guitar: 0.12, drums: 0.2 };
/** Drums without a recording, by the one that comes closest. */
const DRUM_STANDINS = { 35: 36, 40: 38, 44: 42, 41: 45, 43: 45, 47: 45, 48: 50, 52: 49, 55: 49, 57: 49, 53: 51, 59: 51 };

function instrumentOf(program) {
  if (program === 6 || program === 7) return "harpsichord";
  if (program >= 40 && program < 56) return program < 52 ? "strings" : "choir";
  return FAMILIES.split(" ")[program >> 3];
}

/** The page's audio graph, made at the first press: browsers allow no sound before one. */
function openAudio() {
  if (PAGE.context) return PAGE.context;
  const context = (PAGE.context = new AudioContext({ latencyHint: "interactive" }));
  const limiter = new DynamicsCompressorNode(context, { threshold: -9, knee: 6, ratio: 20, attack: 0.002, release: 0.15 });
  const ceiling = new WaveShaperNode(context, { curve: softCeiling() });
  PAGE.input = new GainNode(context);
  PAGE.output = ceiling;
  PAGE.input.connect(limiter).connect(ceiling).connect(context.destination);
  return context;
}

/** Straight up to 0.7, then bending, never above 0.95: whatever comes in, nothing clips. */
function softCeiling() {
  return Float32Array.from({ length: 2049 }, (_, i) => {
    const x = i / 1024 - 1;
    const over = Math.abs(x) - 0.7;
    return over <= 0 ? x : Math.sign(x) * (0.7 + 0.25 * Math.tanh(over / 0.25));
  });
}

/**
 * Decode the recorded instruments, once a page.
 * @param {() => Promise<{recording: ArrayBuffer, index: object}>} fetchThem
 */
function loadInstruments(fetchThem) {
  PAGE.loading ??= (async () => {
    const { recording, index } = await fetchThem();
    const decoder = new OfflineAudioContext(1, 1, 44100); // needs no click, unlike an AudioContext
    PAGE.instruments = { buffer: await decoder.decodeAudioData(recording), index };
  })().catch((problem) => {
    PAGE.loading = null; // another player may try again; until then notes are synthesised
    console.warn("musicgan_edu: playing with synthesised instruments:", problem.message ?? problem);
  });
  return PAGE.loading;
}

/**
 * Hand one note to the audio clock.
 * @returns {{start: number, end: number, stop: (when: number) => void}} the sounding voice
 */
function strike(context, { pitch, velocity, track }, start, seconds, out) {
  const name = track.is_drum ? "drums" : instrumentOf(track.program);
  const end = start + (name === "drums" ? 1.5 : Math.max(seconds, 0.03));
  const release = RELEASE[name] ?? 0.09;
  const gain = new GainNode(context, { gain: 0 });
  const level = (velocity / 127) ** 1.5;
  const entry = recorded(name, pitch);
  const { source, loudness, fade } = entry ? stroke(context, entry, pitch, start) : tone(context, name, pitch);
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(level * loudness, start + 0.003);
  if (fade) gain.gain.setTargetAtTime(0, start + 0.003, fade);
  gain.gain.setTargetAtTime(0, end, release / 3);
  source.connect(gain).connect(out);
  if (!entry) source.start(start);
  source.stop(end + release * 2);
  source.onended = () => gain.disconnect();
  const stop = (when) => {
    gain.gain.cancelScheduledValues(when);
    gain.gain.setTargetAtTime(0, when, 0.008);
    source.stop(Math.max(when, start) + 0.05);
  };
  return { start, end: end + release * 2, stop };
}

/** The recorded note nearest to a pitch, or undefined. */
function recorded(name, pitch) {
  const notes = PAGE.instruments?.index[name];
  if (!notes) return undefined;
  const wanted = name === "drums" ? DRUM_STANDINS[pitch] ?? pitch : pitch;
  return notes.reduce((best, note) => (Math.abs(note.pitch - wanted) < Math.abs(best.pitch - wanted) ? note : best));
}

/** A note of the recording, transposed by its speed, held by its loop. */
function stroke(context, entry, pitch, start) {
  const drum = entry.fade === undefined;
  const source = new AudioBufferSourceNode(context, { buffer: PAGE.instruments.buffer });
  source.playbackRate.value = drum ? 1 : 2 ** ((pitch - entry.pitch) / 12);
  if (entry.loop !== undefined) {
    source.loop = true;
    source.loopStart = entry.start + entry.loop;
    source.loopEnd = entry.start + entry.loop_end;
    source.start(start, entry.start);
  } else {
    source.start(start, entry.start, entry.seconds);
  }
  return { source, loudness: entry.gain, fade: entry.fade };
}

/** The fallback: a soft wave, or filtered noise for a drum. */
function tone(context, name, pitch) {
  if (name !== "drums") {
    const held = ["organ", "strings", "choir", "brass", "reed", "flute", "lead"].includes(name);
    const source = new OscillatorNode(context, { type: held ? "triangle" : "sawtooth" });
    source.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
    return { source, loudness: held ? 0.16 : 0.09, fade: held ? 0 : 0.5 };
  }
  const buffer = new AudioBuffer({ length: context.sampleRate, sampleRate: context.sampleRate });
  const samples = buffer.getChannelData(0);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.random() * 2 - 1;
  return { source: new AudioBufferSourceNode(context, { buffer }), loudness: 0.2, fade: pitch < 42 ? 0.04 : 0.02 };
}

/** Plays notes against the audio clock; reads them afresh at each look, so they may change meanwhile. */
class Transport {
  /** @param {(event: "state" | "crowded") => void} tell */
  constructor(tell) {
    this.tell = tell;
    this.notes = [];
    this.tracks = [];
    this.end = 0; // beats; a loop turns round here
    this.tempo = 120;
    this.loop = false;
    this.volume = 0.7;
    this.silent = new Set(); // tracks that are muted, or not among the soloed ones
    this.playing = false;
    this.beat = 0; // where the head stands while nothing plays
    this.voices = [];
    this.hidden = () => this.look(); // far ahead, before the timer slows down
  }

  /** Where the head is, in beats, as heard (not as handed over). */
  get position() {
    if (!this.playing) return this.beat;
    const latency = PAGE.context.outputLatency || PAGE.context.baseLatency || 0;
    return this.wrapped(Math.max(this.beat, this.unrolled(PAGE.context.currentTime - latency)));
  }

  /** The beat at an audio time, counted on through all loops. */
  unrolled(time) {
    return this.beat + ((time - this.started) * this.tempo) / 60;
  }

  wrapped(beat) {
    return this.loop && this.end > 0 ? beat % this.end : Math.min(beat, this.end);
  }

  async start() {
    if (this.playing || !this.notes.length) return;
    const context = openAudio();
    await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 500))]);
    if (context.state !== "running") throw new Error("blocked");
    if (PAGE.loading && !PAGE.instruments) {
      await Promise.race([PAGE.loading, new Promise((done) => setTimeout(done, 1500))]);
    }
    if (this.playing) return;
    if (PAGE.current !== this) PAGE.current?.pause();
    PAGE.current = this;
    if (this.beat >= this.end) this.beat = 0;
    this.openOutputs(context);
    this.playing = true;
    this.begin(this.beat, context.currentTime + LEAD, true);
    this.timer = setInterval(() => this.look(), TICK);
    document.addEventListener("visibilitychange", this.hidden);
    this.tell("state");
  }

  openOutputs(context) {
    this.out?.disconnect();
    this.out = new GainNode(context, { gain: this.volume ** 2 });
    this.out.connect(PAGE.input);
    this.lines = this.tracks.map((_, i) => {
      const line = new GainNode(context, { gain: this.silent.has(i) ? 0 : 1 });
      line.connect(this.out);
      return line;
    });
  }

  /** Count from `beat` at `time`; strike again what already sounds there if `held`. */
  begin(beat, time, held) {
    this.beat = beat;
    this.started = time;
    this.cursor = beat; // unrolled: everything before it has been handed over
    if (held) {
      const at = this.wrapped(beat);
      for (const note of this.notes) {
        if (note.onset >= at) break;
        if (note.onset + note.duration > at + 0.05) this.hand(note, time, note.onset + note.duration - at);
      }
    }
    this.look();
  }

  /** Hand over the notes of the next moments. */
  look() {
    const ahead = document.hidden ? AHEAD_HIDDEN : AHEAD;
    const until = this.unrolled(PAGE.context.currentTime + ahead);
    while (this.cursor < until) {
      const turn = this.loop ? Math.floor(this.cursor / this.end + 1e-9) * this.end : 0;
      const stop = Math.min(until, turn + this.end);
      this.handAll(this.cursor - turn, stop - turn, turn);
      this.cursor = stop;
      if (!this.loop && stop >= this.end) break;
    }
    const now = PAGE.context.currentTime;
    this.voices = this.voices.filter((voice) => voice.end > now);
    if (!this.loop && this.unrolled(now) >= this.end) this.stop();
  }

  /** The notes with `from` <= onset < `to`. */
  handAll(from, to, turn) {
    let low = 0;
    for (let high = this.notes.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (this.notes[middle].onset < from - 1e-9) low = middle + 1;
      else high = middle;
    }
    for (; low < this.notes.length && this.notes[low].onset < to - 1e-9; low++) {
      const note = this.notes[low];
      this.hand(note, this.started + ((note.onset + turn - this.beat) * 60) / this.tempo, note.duration);
    }
  }

  hand(note, planned, beats) {
    const now = PAGE.context.currentTime;
    if (planned < now - 0.1) return; // the page was held up: better a gap than a burst
    const time = Math.max(planned, now);
    const sounding = this.voices.filter((voice) => voice.start <= time && voice.end > time);
    if (sounding.length >= MAX_VOICES) {
      if (sounding[0].start >= time - 0.02) return this.tell("crowded"); // a chord too large: the rest is left out
      sounding[0].stop(time); // the oldest makes room
      this.voices.splice(this.voices.indexOf(sounding[0]), 1);
    }
    const seconds = (beats * 60) / this.tempo;
    const track = this.tracks[note.track];
    this.voices.push(strike(PAGE.context, { ...note, track }, time, seconds, this.lines[note.track]));
  }

  /** Notes, tempo, loop or position changed while playing: take back what isn't heard yet. */
  renew(beat = this.unrolled(PAGE.context.currentTime), held = false) {
    const now = PAGE.context.currentTime;
    for (const voice of this.voices) if (held || voice.start > now) voice.stop(now);
    this.voices = this.voices.filter((voice) => !held && voice.start <= now);
    this.begin(this.loop ? beat % this.end : beat, now + (held ? 0.02 : 0), held);
  }

  setNotes(notes, tracks, end) {
    const sameTracks = JSON.stringify(tracks) === JSON.stringify(this.tracks);
    Object.assign(this, { notes, tracks, end });
    if (!this.playing) this.beat = Math.min(this.beat, end);
    else if (!notes.length) this.stop();
    else {
      if (!sameTracks) this.openOutputs(PAGE.context);
      this.renew();
    }
  }

  setTempo(tempo) {
    const beat = this.playing ? this.unrolled(PAGE.context.currentTime) : this.beat;
    this.tempo = tempo;
    if (this.playing) this.renew(beat);
  }

  setLoop(loop) {
    const beat = this.playing ? this.wrapped(this.unrolled(PAGE.context.currentTime)) : this.beat;
    this.loop = loop;
    if (this.playing) this.renew(beat);
  }

  setVolume(volume) {
    this.volume = volume;
    this.out?.gain.setTargetAtTime(volume ** 2, PAGE.context.currentTime, 0.015);
  }

  setSilent(silent) {
    this.silent = silent;
    this.lines?.forEach((line, i) => line.gain.setTargetAtTime(silent.has(i) ? 0 : 1, PAGE.context.currentTime, 0.01));
  }

  seek(beat) {
    const to = Math.min(Math.max(beat, 0), this.end);
    if (this.playing) this.renew(to, true);
    else this.beat = to;
    this.tell("state");
  }

  /** Stay where the head is; notes that sound are let go at once. */
  pause() {
    if (!this.playing) return;
    this.halt(this.position);
  }

  /** Back to the start. At the end of a piece, its last notes ring out. */
  stop() {
    if (this.playing) this.halt(0, this.unrolled(PAGE.context.currentTime) >= this.end && !this.loop);
    else this.beat = 0;
    this.tell("state");
  }

  halt(beat, ring = false) {
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.hidden);
    const now = PAGE.context.currentTime;
    if (!ring) for (const voice of this.voices) voice.stop(now);
    this.voices = [];
    this.playing = false;
    this.beat = beat;
    if (PAGE.current === this) PAGE.current = null;
    this.tell("state");
  }
}
