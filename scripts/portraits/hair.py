"""Hair of the drawn portraits: each cut is an outline around the same skull."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.portraits.canvas import Canvas, Point, arc, darker, lighter, mirrored, smooth


class Hair(Canvas):
    """Draws hair behind the head and on it."""

    def hair_behind(self) -> None:
        """What of the hair hangs or stands behind the head."""
        half, top, chin = self.half, self.top, self.chin
        shade = darker(self.hair, 0.25)
        cut = self.person.cut
        if cut == "bob":
            self.fill(
                smooth(
                    mirrored(
                        [
                            (50, top - 6),
                            (50 + half + 5, top + 12),
                            (50 + half + 7, chin - 14),
                            (50 + half + 2, chin + 1),
                            (60, chin + 2),
                            (50, chin),
                        ]
                    )
                ),
                shade,
            )
        elif cut == "long":
            self.fill(
                smooth(
                    mirrored(
                        [
                            (50, top - 6),
                            (50 + half + 5, top + 12),
                            (50 + half + 7, chin - 8),
                            (50 + half + 10, chin + 22),
                            (50 + half - 2, 118),
                            (50, 112),
                        ]
                    )
                ),
                shade,
            )
        elif cut == "bun":
            self.fill(self.oval(50, top - 8, 11.5, 9.5), shade)
            self.fill(self.oval(47, top - 11, 5.5, 3.5), lighter(self.hair, 0.16), alpha=0.5, blur=1.6)
        elif cut == "pigtails":
            for side in self.both(
                smooth(
                    [
                        (50 + half - 3, top + 18),
                        (50 + half + 9, top + 20),
                        (50 + half + 13, top + 38),
                        (50 + half + 6, top + 52),
                        (50 + half + 1, top + 36),
                    ]
                )
            ):
                self.fill(side, shade)

    def hair_front(self) -> None:
        """The hair on the head by its cut, with a soft light on it."""
        outline = getattr(self, f"_cut_{self.person.cut}")()
        inside = self.mask(outline)
        self.fill(
            [(x, y + 1.4) for x, y in outline],
            darker(self.skin, 0.45),
            alpha=0.45,
            blur=1.1,
            within=self.mask(self.face_outline()),
        )
        self.fill(outline, self.hair)
        glow = lighter(self.hair, 0.35)
        self.fill(
            arc(44, self.top + 7, 17, 9.5, 195, 300) + arc(44, self.top + 9.5, 15, 8, 300, 195),
            glow,
            alpha=0.3,
            blur=1.5,
            within=inside,
        )
        self.fill(
            self.oval(50 + self.half + 2, self.top + 18, 8, 20),
            darker(self.hair, 0.5),
            alpha=0.4,
            blur=3,
            within=inside,
        )
        if self.person.cut == "pigtails":
            for side in self.both(self.oval(50 + self.half + 2.6, self.top + 19.5, 2.6, 3.0)):
                self.fill(side, (206, 73, 73))

    def _cap(self, lift: float, side: float, ear: float, front: Sequence[Point]) -> list[Point]:
        """Hair around the skull: ``lift`` above, ``side`` beside, down to ``ear``, then the hairline."""
        half, top = self.half, self.top
        left, right = 50 - half - side, 50 + half + side
        over = [
            (left + 1.2, ear),
            (left, top + 22),
            (left + 0.8, top + 10),
            (50 - half * 0.62, top - lift * 0.55),
            (50, top - lift),
            (50 + half * 0.62, top - lift * 0.55),
            (right - 0.8, top + 10),
            (right, top + 22),
            (right - 1.2, ear),
        ]
        return smooth([*over, *front], 12)

    def _cut_short(self) -> list[Point]:
        half, top = self.half, self.top
        return self._cap(
            6.5,
            0.8,
            self.eye_line + 1,
            [
                (50 + half - 2.4, self.eye_line - 6),
                (50 + half - 3.4, top + 16),
                (50 + half * 0.55, top + 10.5),
                (50, top + 11.5),
                (50 - half * 0.5, top + 10),
                (50 - half + 3.6, top + 15),
                (50 - half + 2.4, self.eye_line - 6),
            ],
        )

    def _cut_side(self) -> list[Point]:
        half, top = self.half, self.top
        return self._cap(
            7,
            0.8,
            self.eye_line + 1,
            [
                (50 + half - 2.4, self.eye_line - 6),
                (50 + half - 3.2, top + 15),
                (50 + half * 0.62, top + 9),
                (50 + half * 0.1, top + 12),
                (50 - half * 0.55, top + 7),
                (50 - half + 3.4, top + 15),
                (50 - half + 2.4, self.eye_line - 6),
            ],
        )

    def _cut_fringe(self) -> list[Point]:
        half, top = self.half, self.top
        return self._cap(
            7.5,
            1.4,
            self.eye_line,
            [
                (50 + half - 2.2, self.eye_line - 7),
                (50 + half - 3.4, top + 18),
                (50 + half * 0.5, top + 14.5),
                (50 + half * 0.22, top + 17.5),
                (50 - half * 0.1, top + 14.5),
                (50 - half * 0.4, top + 17),
                (50 - half + 4, top + 17),
                (50 - half + 2.2, self.eye_line - 7),
            ],
        )

    def _cut_swept(self) -> list[Point]:
        half, top = self.half, self.top
        return self._cap(
            9.5,
            0.9,
            self.eye_line,
            [
                (50 + half - 2.4, self.eye_line - 7),
                (50 + half - 3.2, top + 14),
                (50 + half * 0.5, top + 6.5),
                (50, top + 8),
                (50 - half * 0.6, top + 11.5),
                (50 - half + 3.2, top + 16),
                (50 - half + 2.4, self.eye_line - 7),
            ],
        )

    def _cut_crop(self) -> list[Point]:
        half, top = self.half, self.top
        return self._cap(
            3.4,
            0.2,
            self.eye_line - 3,
            [
                (50 + half - 1.8, self.eye_line - 9),
                (50 + half - 3.6, top + 13),
                (50 + half * 0.62, top + 9.5),
                (50, top + 9),
                (50 - half * 0.62, top + 9.5),
                (50 - half + 3.6, top + 13),
                (50 - half + 1.8, self.eye_line - 9),
            ],
        )

    def _cut_receding(self) -> list[Point]:
        half, top = self.half, self.top
        return self._cap(
            2.6,
            1.0,
            self.eye_line + 2,
            [
                (50 + half - 2.0, self.eye_line - 6),
                (50 + half - 2.8, top + 14),
                (50 + half * 0.66, top + 4.4),
                (50 + half * 0.2, top + 4.6),
                (50 - half * 0.2, top + 4.6),
                (50 - half * 0.66, top + 4.4),
                (50 - half + 2.8, top + 14),
                (50 - half + 2.0, self.eye_line - 6),
            ],
        )

    def _cut_bob(self) -> list[Point]:
        half, top, chin = self.half, self.top, self.chin
        return self._cap(
            7,
            4.6,
            chin - 6,
            [
                (50 + half + 1.2, chin - 1.5),
                (50 + half - 2.2, chin - 12),
                (50 + half - 2.4, self.eye_line),
                (50 + half - 4, top + 17),
                (50 + half * 0.4, top + 12),
                (50 - half * 0.15, top + 16),
                (50 - half * 0.6, top + 15),
                (50 - half + 2.2, self.eye_line),
                (50 - half + 2.0, chin - 12),
                (50 - half - 1.2, chin - 1.5),
            ],
        )

    def _cut_long(self) -> list[Point]:
        half, top, chin = self.half, self.top, self.chin
        return self._cap(
            7,
            4.2,
            chin + 8,
            [
                (50 + half + 3, chin + 16),
                (50 + half - 0.6, chin - 6),
                (50 + half - 1.6, self.eye_line + 2),
                (50 + half - 3.6, top + 17),
                (50 + half * 0.3, top + 6.5),
                (50, top + 5),
                (50 - half * 0.3, top + 6.5),
                (50 - half + 3.6, top + 17),
                (50 - half + 1.6, self.eye_line + 2),
                (50 - half + 0.6, chin - 6),
                (50 - half - 3, chin + 16),
            ],
        )

    def _cut_bun(self) -> list[Point]:
        half, top = self.half, self.top
        return self._cap(
            4.4,
            1.0,
            self.eye_line - 1,
            [
                (50 + half - 1.8, self.eye_line - 8),
                (50 + half - 3, top + 15),
                (50 + half * 0.5, top + 7.6),
                (50, top + 5.2),
                (50 - half * 0.5, top + 7.6),
                (50 - half + 3, top + 15),
                (50 - half + 1.8, self.eye_line - 8),
            ],
        )

    def _cut_pigtails(self) -> list[Point]:
        half, top = self.half, self.top
        return self._cap(
            6.2,
            1.4,
            self.eye_line - 2,
            [
                (50 + half - 1.8, self.eye_line - 9),
                (50 + half - 3.2, top + 17),
                (50 + half * 0.5, top + 14.2),
                (50, top + 15.4),
                (50 - half * 0.5, top + 14.2),
                (50 - half + 3.2, top + 17),
                (50 - half + 1.8, self.eye_line - 9),
            ],
        )
