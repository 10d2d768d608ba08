// Puts a field viewer on its page, and takes it away again.
const VIEWERS = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let viewer = VIEWERS.get(parentElement);
  if (!viewer) {
    viewer = new FieldViewer(parentElement.querySelector(".viewer"));
    VIEWERS.set(parentElement, viewer);
  }
  viewer.reportDrawn = (box) => setTriggerValue("drawn", box);
  viewer.report = (index) => setTriggerValue("chosen", index);
  viewer.show(data);
  return () => {
    VIEWERS.get(parentElement)?.close();
    VIEWERS.delete(parentElement);
  };
}
