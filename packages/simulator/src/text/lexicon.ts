/** Words that the simulator's prose is made of. All in the past tense, all of one voice, so that any two go together. */

// cspell:ignore netmaker crème façade señal smörgås Ålesund über łódź Žižka θάλασσα звезда море שלום

export interface Theme {
  people: readonly string[];
  things: readonly string[];
  places: readonly string[];
}

export const themes: readonly Theme[] = [
  {
    people: ['the harbor master', 'the pilot', 'the old netmaker', 'the lamp keeper', 'the ferry clerk'],
    things: [
      'the north lamp',
      'the tide table',
      'the spare anchor',
      'the signal flag',
      'the blue skiff',
      'the fog bell',
    ],
    places: ['at the end of the pier', 'below the sea wall', 'in the customs shed', 'out past the last buoy'],
  },
  {
    people: ['the astronomer', 'the night porter', 'the lens grinder', 'the new assistant', 'the visiting surveyor'],
    things: ['the brass dial', 'the star chart', 'the second mirror', 'the dome', 'the logbook', 'the long clock'],
    places: ['under the open roof', 'on the stone stairs', 'in the reading room', 'along the ridge'],
  },
  {
    people: ['the stationmaster', 'the signal woman', 'the engine driver', 'the mail clerk', 'the apprentice'],
    things: ['the last train', 'the water tower', 'the timetable', 'the red lantern', 'the points lever', 'the parcel'],
    places: ['on the far platform', 'beside the turntable', 'in the lamp room', 'where the line divides'],
  },
  {
    people: ['the head gardener', 'the beekeeper', 'the seed merchant', 'the widow next door', 'the boy with the cart'],
    things: ['the pear tree', 'the glasshouse', 'the well rope', 'the rain barrel', 'the seed box', 'the garden gate'],
    places: ['behind the orchard wall', 'between the beds', 'under the vines', 'at the bottom of the slope'],
  },
  {
    people: ['the librarian', 'the binder', 'the map dealer', 'the copyist', 'the caretaker'],
    things: [
      'the card index',
      'the oldest atlas',
      'the missing page',
      'the iron press',
      'the ladder',
      'the reading lamp',
    ],
    places: ['on the top shelf', 'in the basement', 'by the tall window', 'among the returned books'],
  },
];

export const times = [
  'Before dawn',
  'By the second week',
  'On quiet evenings',
  'After the rain',
  'That winter',
  'Most mornings',
  'Toward the end of the season',
  'Once the others had gone home',
  'On the first warm day',
  'Without being asked',
  'Not long after',
] as const;

export const actions = [
  'mended',
  'carried away',
  'measured',
  'set aside',
  'polished',
  'asked about',
  'wrapped up',
  'borrowed',
  'kept an eye on',
  'went back for',
  'drew',
  'cleaned',
  'tried out',
] as const;

export const states = [
  'held steady',
  'went quiet',
  'leaned a little further',
  'caught the light',
  'gave no sign',
  'worked again',
  'stayed where it was',
  'came loose',
  'looked smaller than before',
] as const;

export const manners = [
  'without a sound',
  'for a whole season',
  'as it had every spring',
  'for no reason that could be found',
  'in spite of the weather',
  'all through the night',
] as const;

export const doings = [
  'waited',
  'smiled',
  'wrote it down',
  'said nothing',
  'laughed',
  'counted to ten',
  'went on',
  'looked up',
  'made tea',
] as const;

export const durations = [
  'an hour',
  'most of a day',
  'two summers',
  'half a lifetime',
  'a single afternoon',
  'three visits',
] as const;

export const sayings = [
  'small repairs outlast large plans',
  'a thing done once is worth writing down',
  'what is kept safe is seldom kept in one place',
  'the second try is mostly patience',
  'nobody misses a light until it is out',
  'it only has to hold until morning',
  'good habits are quieter than good luck',
  'the work goes on when the worker goes home',
  'a promise weighs more than a plan',
  'most trouble begins as a saving',
] as const;

/** Sentences to end with: of each number of tokens from 2 to 9 there must be one. */
export const closings = [
  'Still.',
  'It held.',
  'So it went.',
  'That was enough.',
  'And so it went.',
  'Nothing more was said.',
  'By then it was morning.',
  'In the end it was enough.',
  'And that was all there was.',
  'After that, nobody asked again.',
  'In the end, nothing had been lost.',
  'And everything was where it should be.',
] as const;

/** Each has characters of two, three or four bytes in UTF-8. */
export const unicodeWords = [
  'café',
  'naïve',
  'über',
  'señal',
  'garçon',
  'Žižka',
  'łódź',
  'smörgås',
  'crème',
  'façade',
  'jalapeño',
  'Ålesund',
  'море',
  'звезда',
  'φως',
  'θάλασσα',
  'नाव',
  'שלום',
  '東京',
  '灯台',
  '星空',
  '港町',
  '수평선',
  '안녕',
  '静かな海',
  '🌊',
  '⛵',
  '🔭',
  '🚂',
  '🐝',
  '👩‍🚀',
  '🇳🇴',
  '✨',
  '📚',
] as const;
