'use strict';
// The camera reads QR codes where the browser can. What it reads stays text.
const Scan = (() => {
  const PAUSE = 150; // milliseconds between two looks
  let stream;

  const possible = async () => {
    if (!('BarcodeDetector' in window) || !navigator.mediaDevices?.getUserMedia) return false;
    return (await BarcodeDetector.getSupportedFormats().catch(() => [])).includes('qr_code');
  };
  const stop = video => {
    stream?.getTracks().forEach(track => track.stop());
    stream = video.srcObject = null;
  };
  // The text of the first QR code seen; nothing after a stop. Raises what the camera raises.
  const read = async video => {
    const opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    stop(video);
    stream = video.srcObject = opened;
    const detector = new BarcodeDetector({ formats: ['qr_code'] });
    await video.play();
    while (stream === opened) {
      const [seen] = await detector.detect(video).catch(() => []);
      if (stream === opened && seen) return seen.rawValue;
      await new Promise(resolve => setTimeout(resolve, PAUSE));
    }
    return undefined;
  };
  return { possible, read, stop };
})();
