import { describe, expect, it } from 'vitest';
import { type Box, curveBetween, groupBox, placeLabels, pointAt } from './geometry.ts';

const box = (x: number, y: number): Box => ({ x, y, width: 100, height: 40 });

describe('curveBetween', () => {
  it('leaves right and arrives left where there is room', () => {
    const curve = curveBetween(box(0, 0), box(300, 80));
    expect(curve.start).toEqual({ x: 50, y: 0 });
    expect(curve.end.x).toBeLessThan(250);
    expect(curve.end.y).toBe(80);
    expect(pointAt(curve, 0)).toEqual(curve.start);
    expect(pointAt(curve, 1)).toEqual(curve.end);
  });

  it('joins boxes above each other vertically', () => {
    const curve = curveBetween(box(0, 0), box(10, 200));
    expect(curve.start).toEqual({ x: 0, y: 20 });
    expect(curve.end.y).toBeLessThan(180);
    expect(curveBetween(box(0, 200), box(0, 0)).start.y).toBe(180);
  });

  it('runs a call back around the right side', () => {
    const curve = curveBetween(box(300, 0), box(0, 0));
    expect(curve.control1.x).toBeGreaterThan(350);
    expect(curve.end.x).toBeGreaterThan(50);
  });
});

describe('placeLabels', () => {
  const curve = curveBetween(box(0, 0), box(400, 0));

  it('keeps labels apart and gives the important one the middle', () => {
    const requests = [
      { id: 'a', curve, width: 60, height: 20, isImportant: false },
      { id: 'b', curve, width: 60, height: 20, isImportant: true },
    ];
    const places = placeLabels(requests, []);
    expect(places.get('b')).toEqual(pointAt(curve, 0.5));
    const [a, b] = [places.get('a'), places.get('b')];
    expect(Math.abs((a?.x ?? 0) - (b?.x ?? 0))).toBeGreaterThanOrEqual(60);
  });

  it('moves a label off a box that stands in its way', () => {
    const place = placeLabels(
      [{ id: 'a', curve, width: 40, height: 20, isImportant: false }],
      [{ x: 200, y: 0, width: 60, height: 40 }],
    );
    expect(Math.abs((place.get('a')?.x ?? 200) - 200)).toBeGreaterThanOrEqual(50);
  });
});

describe('groupBox', () => {
  it('holds all its members with room for the title', () => {
    expect(groupBox('g', [box(0, 0), box(200, 100)])).toEqual({
      id: 'g',
      left: -70,
      top: -60,
      width: 340,
      height: 200,
    });
    expect(groupBox('g', [])).toBeNull();
  });
});
